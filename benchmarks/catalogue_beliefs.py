"""What `observe` and `update` of a day of 10,000 visits cost, beside the bare linear algebra of the same posterior.

Run as `OMP_NUM_THREADS=1 python benchmarks/catalogue_beliefs.py`.  Processor time, the median over days, in turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.registry import make
from serendip.simulator.interface import Feedback, Items, Slates, Visits

SLOTS = 5


def clock(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--visits", type=int, default=10_000)
    flags.add_argument("--items", type=int, default=2_000)
    flags.add_argument("--days", type=int, default=5)
    chosen = flags.parse_args()
    rng = np.random.default_rng(0)
    items = Items(np.zeros(chosen.items, np.int32), np.zeros(chosen.items, np.int32))
    agent = make("thompson", items, SLOTS, 0, belief="ease-posterior")
    there = np.ones(chosen.items, dtype=bool)
    ours, bare = list[float](), list[float]()
    for day in range(chosen.days):
        visits = Visits(np.arange(chosen.visits), day, np.zeros(chosen.visits, np.int32), there)
        first = rng.integers(chosen.items, size=(chosen.visits, 1))
        shown = (first + np.arange(SLOTS) * 7) % chosen.items
        slates = Slates(shown, np.ones(shown.shape), None, np.zeros(chosen.visits, dtype=bool))
        feedback = Feedback(rng.random(shown.shape) < 0.3)

        def a_day(v: Visits = visits, s: Slates = slates, f: Feedback = feedback) -> None:
            agent.observe(v, s, f)
            agent.update()

        ours.append(clock(a_day))
        clicks = agent.history.interactions().clicks

        def algebra(x: object = clicks) -> None:
            counts = gram(x, np.float64)
            counts[np.diag_indices_from(counts)] += 300.0
            invert_in_place(counts)

        bare.append(clock(algebra))
    ratio = float(np.median(np.array(ours) / np.array(bare)))
    print(f"a day of {chosen.visits:,} visits, {SLOTS} slots, {chosen.items:,} items, {chosen.days} days")
    print(f"observe + update {np.median(ours):.2f} s, bare linear algebra {np.median(bare):.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
