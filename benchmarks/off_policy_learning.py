"""Learned policies, run where their logs come from: `python benchmarks/off_policy_learning.py OUT [LOGS [FIRST]]`.

In each world `tiny` the policy `uniform` writes a log of 40 days.  From it `serendip learn` learns by `loglik`; what it
learned and `logistic-greedy`, taught by the same users, are then run in that world.  What is finished stands in OUT.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from serendip.experiments.offline.learning.learn import learn
from serendip.experiments.offline.learning.train import Learning
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.on_policy import on_policy_truth
from serendip.experiments.online.unit import Unit
from serendip.experiments.running.threads import stay_on_one_thread
from serendip.simulator.settings_json import read_json, write_json
from serendip.simulator.world import make_world


def one_log(file: Path, seed: int) -> dict[str, Any]:
    """Return what is claimed from the log of a world, and what both policies earn there."""
    if not file.exists():
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            make_world("tiny", seed).save(place / "world")
            unit = Unit(place / "run", place / "world", "uniform", seed, Schedule(40, 5), logged=True)
            unit.run()
            log = unit.folder / "log"
            found = learn(log, Learning())
            values = found.to_json()
            for name, agent in (("learned", found.agent), ("beside", found.other)):
                agent.save(place / name)
                values[f"true_{name}"] = on_policy_truth(log, str(place / name), 0).value
            write_json(file, values)
    return read_json(file)


def main(out: Path, n_logs: int, first: int) -> None:
    """Print how often claims held and advice was right."""
    out.mkdir(parents=True, exist_ok=True)
    held = better = right = 0
    for seed in range(first, first + n_logs):
        found = one_log(out / f"{seed:05d}.json", seed)
        claim, learned, beside = found["learned"], found["true_learned"], found["true_beside"]
        held += claim["low"] <= learned <= claim["high"]
        better += learned >= beside
        right += (learned >= beside) == found["take"].startswith("take the learned")
        ends = f"{claim['value']:.3f} [{claim['low']:.3f}, {claim['high']:.3f}]"
        others = f"logistic-greedy {beside:.3f}, log {found['logged']['value']:.3f}"
        print(f"seed {seed}: claimed {ends}, earned {learned:.3f}; {others}", flush=True)
    print(f"of {n_logs} logs: claims held {held}, at least as good as logistic-greedy {better}, advice right {right}")


if __name__ == "__main__":
    stay_on_one_thread()
    given = sys.argv[1:] + ["20", "7000"][len(sys.argv) - 2 :]
    main(Path(given[0]), int(given[1]), int(given[2]))
