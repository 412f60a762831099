"""Late activity from logs of the default world: `python benchmarks/off_policy_activity.py OUT [LOGS [FIRST [WORLD]]]`.

In each world `ease-epsilon` writes a log of 90 days.  From the log alone: visits per user in the last 30 of 90 days
under `bootstrap-thompson`, and the difference to `ease-greedy`.  Then both are run in the world itself.  A world that
is finished is not run again; its files stand in OUT.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.offline.long_term.activity import evaluate_activity
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.on_policy import on_policy_activity
from serendip.experiments.online.unit import Unit
from serendip.simulator.settings_json import read_json, write_json
from serendip.simulator.world import make_world

TARGET, AGAINST, HORIZON, LAST = "bootstrap-thompson", "ease-greedy", 90, 30


def one_world(out: Path, seed: int) -> dict[str, Any]:
    """Return the estimates and the truth of one world, from OUT where they are there."""
    folder = out / f"seed-{seed:04d}"
    folder.mkdir(parents=True, exist_ok=True)
    unit = Unit(folder / "ease-epsilon", out / "world", "ease-epsilon", seed, Schedule(HORIZON, 5), logged=True)
    if not unit.finished():
        unit.run()
    log, truth = unit.folder / "log", dict[str, float]()
    for agent in (TARGET, AGAINST):
        file = folder / f"{agent}.json"
        if not file.exists():
            write_json(file, on_policy_activity(log, agent, 0, HORIZON).tolist())
        truth[agent] = float(np.sum(read_json(file)[-LAST:]))
    file = folder / "estimate.json"
    if not file.exists():
        found = evaluate_activity(log, TARGET, against=AGAINST, horizon=HORIZON, last=LAST)
        write_json(file, found.to_json())
    return read_json(file) | {"truth": truth}


def main(out: Path, n_logs: int, first: int, world: str) -> None:
    """Run what is missing and print how often signs and intervals were right."""
    if not (out / "world" / "world.json").exists():
        out.mkdir(parents=True, exist_ok=True)
        make_world(world, 0).save(out / "world")
    rows, verdicts = list[tuple[float, ...]](), dict[str, int]()
    for seed in range(first, first + n_logs):
        found = one_world(out, seed)
        e, truth = found["estimates"], found["truth"]
        true, apart = truth[TARGET], truth[TARGET] - truth[AGAINST]
        q, d, mis = e["fitted_q"], e["difference"], e["mis"]
        covers = [float(x["low"] <= y <= x["high"]) for x, y in ((q, true), (d, apart), (mis, true))]
        sign = float(np.sign(d["value"]) == np.sign(apart))
        clear = float(d["low"] > 0.0 or d["high"] < 0.0)
        off = q["value"] - true, d["value"] - apart, mis["value"] - true
        rows.append((true, apart, sign, clear, *covers, *off, q["high"] - q["low"]))
        verdicts[found["verdict"]] = verdicts.get(found["verdict"], 0) + 1
        print(f"seed {seed}: {found['verdict']}, {q['value']:.2f} [{q['low']:.2f}, {q['high']:.2f}] truth {true:.2f};"
              f" difference {d['value']:+.2f} truth {apart:+.2f}", flush=True)  # fmt: skip
    mean, rmse = np.mean(rows, axis=0), np.sqrt(np.mean(np.square(rows), axis=0))
    print(f"{n_logs} logs; verdicts {verdicts}; truth {mean[0]:.2f}, difference {mean[1]:+.2f}")
    print(f"sign right {mean[2]:.0%}, difference clear of 0 {mean[3]:.0%}")
    for k, name in enumerate(("fitted_q", "difference", "mis")):
        print(f"{name:10}  coverage {mean[4 + k]:4.0%}  bias {mean[7 + k]:+.2f}  rmse {rmse[7 + k]:.2f}")
    print(f"mean width of fitted_q's interval {mean[10]:.2f}")


if __name__ == "__main__":
    given = sys.argv[1:] + ["40", "0", "default"][len(sys.argv) - 2 :]
    main(Path(given[0]), int(given[1]), int(given[2]), given[3])
