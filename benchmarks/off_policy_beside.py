"""Beside `obp`: the same seven estimates of the same log: `python benchmarks/off_policy_beside.py [--rounds 1000000]`.

A log of 100 actions in Parquet, a target and a reward model that are tables by action.  Each library reads the log and
makes the estimates, then also 95% intervals from 100 bootstrap replicates, in a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from off_policy import peak

from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation

ACTIONS = 100
OURS = ("ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os")
THEIRS = (
    *("InverseProbabilityWeighting", "SelfNormalizedInverseProbabilityWeighting", "DirectMethod", "DoublyRobust"),
    *("SelfNormalizedDoublyRobust", "SwitchDoublyRobust", "DoublyRobustWithShrinkage"),
)
SETTINGS = {"SwitchDoublyRobust": {"tau": 10.0}, "DoublyRobustWithShrinkage": {"lambda_": 100.0}}


def tables() -> Any:
    """Return the logging policy, the target, the reward model and the click rates, (ACTIONS,) each."""
    rng = np.random.default_rng(0)
    logging, target = (0.5 * rng.dirichlet(np.ones(ACTIONS)) + 0.5 / ACTIONS for _ in range(2))
    rate = rng.uniform(0.01, 0.3, ACTIONS)
    return logging, target, np.clip(rate * rng.uniform(0.7, 1.3, ACTIONS), 0.0, 1.0), rate


def write(file: Path, n: int) -> None:
    """Write the log."""
    logging, _, _, rate = tables()
    rng = np.random.default_rng(1)
    action = rng.choice(ACTIONS, n, p=logging)
    columns = {"action": action, "reward": (rng.random(n) < rate[action]).astype(float), "pscore": logging[action]}
    pq.write_table(pa.table(columns), file)


def columns_of(batch: Any) -> Any:
    """Return action, reward and propensity."""
    return tuple(batch[name].to_numpy() for name in ("action", "reward", "pscore"))


def ours(file: Path, replicates: int) -> dict[str, float]:
    """Return the estimates by this project."""
    _, target, model, _ = tables()
    expected = float(target @ model)
    tuning = {"clip": 10.0, "shrinkage": 100.0}
    valuation = Valuation(Method(OURS, tuning, n_replicates=replicates, rows_are_users=True))
    done = 0
    for batch in pq.ParquetFile(file).iter_batches(1 << 15):
        action, reward, pscore = columns_of(batch)
        n = len(action)
        users, means = np.arange(done, done + n), np.full(n, expected)
        valuation.update(Slots(users, reward, pscore, target[action], model[action], means))
        done += n
    valued = valuation.finish()
    assert valued is not None
    return {name: float(e.value or 0.0) for name, e in valued.estimates((0.0, 1.0)).items()}


def theirs(file: Path, replicates: int) -> dict[str, float]:
    """Return the estimates by `obp`."""
    obp = importlib.import_module("obp.ope")
    _, target, model, _ = tables()
    action, reward, pscore = columns_of(pq.read_table(file))
    n = len(action)
    feedback = {"n_rounds": n, "n_actions": ACTIONS, "action": action, "reward": reward, "pscore": pscore}
    feedback["position"] = np.zeros(n, dtype=int)
    made = [getattr(obp, kind)(**SETTINGS.get(kind, {})) for kind in THEIRS]
    meta = obp.OffPolicyEvaluation(bandit_feedback=feedback, ope_estimators=made)
    chances, rewards = (np.tile(table[None, :, None], (n, 1, 1)) for table in (target, model))
    if replicates:
        found = meta.estimate_intervals(chances, rewards, n_bootstrap_samples=replicates, random_state=0)
        values = [float(next(iter(interval.values()))) for interval in found.values()]
    else:
        values = list(meta.estimate_policy_values(chances, rewards).values())
    return dict(zip(OURS, values, strict=True))


def measure(library: str, file: Path, replicates: int) -> dict[str, Any]:
    """Return seconds, MB over the start, and the estimates; imports are done before the clock starts."""
    if library == "obp":
        warnings.simplefilter("ignore")
        importlib.import_module("obp.ope")
    before, start = peak(), time.perf_counter()
    values = (theirs if library == "obp" else ours)(file, replicates)
    return {"seconds": time.perf_counter() - start, "mb": peak() - before, "values": values}


def main() -> None:
    """Print a line for each library and task, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1_000_000)
    parser.add_argument("--one", nargs=3, metavar=("LIBRARY", "FILE", "REPLICATES"))
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one[0], Path(given.one[1]), int(given.one[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        write(file, given.rounds)
        for replicates in (0, 100):
            found = dict[str, dict[str, Any]]()
            for library in ("serendip", "obp"):
                command = [sys.executable, __file__, "--one", library, str(file), str(replicates)]
                alone = os.environ | {"OMP_NUM_THREADS": "1"}
                done = subprocess.run(command, capture_output=True, text=True, env=alone)
                if done.returncode:
                    print(f"{library} cannot run here: {done.stderr.strip().splitlines()[-1]}")
                    return
                found[library] = json.loads(done.stdout.splitlines()[-1])
                one = found[library]
                print(f"{given.rounds:,} rounds, {ACTIONS} actions, {replicates} replicates: {library:8}", end=" ")
                print(f"{one['seconds']:.2f} s, {one['mb']:,.0f} MB over the start", flush=True)
            us, them = found["serendip"], found["obp"]
            if not replicates:  # with replicates, theirs is the mean of the replicates
                apart = max(abs(us["values"][name] - them["values"][name]) for name in OURS)
                print(f"  estimates differ by {apart:.1e} at most")
            print(f"  {them['seconds'] / us['seconds']:.0f} times as fast, {us['mb'] / them['mb']:.3f} of the memory")


if __name__ == "__main__":
    main()
