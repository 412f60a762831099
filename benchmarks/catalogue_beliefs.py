"""What `observe` and `update` of a day cost with the posterior of EASE, beside the bare linear algebra.

Run as `OMP_NUM_THREADS=1 python benchmarks/catalogue_beliefs.py`.  A day of 10,000 visits, on which the matrix is
inverted anew, and a day of few visits to a larger catalogue, on which its inverse is led on (Woodbury).  Processor
time, the median over days, in turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import scipy.linalg

from serendip.agents.models.gram import gram, invert_in_place
from serendip.agents.recommender import Recommender
from serendip.agents.registry import make
from serendip.simulator.interface import Feedback, Items, Slates, Visits

SLOTS = 5


def clock(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def a_day(agent: Recommender, rng: np.random.Generator, users: np.ndarray, day: int) -> Callable[[], None]:
    """Return what lets the agent observe a visit of each of `users`, and learn."""
    n_items = agent.items.n_items
    there = np.ones(n_items, dtype=bool)
    visits = Visits(users, day, np.zeros(len(users), np.int32), there)
    shown = (rng.integers(n_items, size=(len(users), 1)) + np.arange(SLOTS) * 7) % n_items
    slates = Slates(shown, np.ones(shown.shape), None, np.zeros(len(users), dtype=bool))
    feedback = Feedback(rng.random(shown.shape) < 0.3)

    def run() -> None:
        agent.observe(visits, slates, feedback)
        agent.update()

    return run


def inverted(agent: Recommender) -> Callable[[], None]:
    """Return the bare linear algebra of the agent's posterior, made anew."""
    clicks = agent.history.interactions().clicks

    def run() -> None:
        counts = gram(clicks, np.float64)
        counts[np.diag_indices_from(counts)] += 300.0
        invert_in_place(counts)

    return run


def led_on(n_items: int, rank: int) -> Callable[[], None]:
    """Return the bare products of an inverse that is led on by so many rows."""
    rng = np.random.default_rng(1)
    inverse = np.asfortranarray(rng.standard_normal((n_items, n_items)))
    product, small = rng.standard_normal((rank, n_items)), np.eye(rank) * 9.0 + 1.0

    def run() -> None:
        solved = scipy.linalg.solve(small, product, assume_a="sym", check_finite=False)
        inverse[:] -= product.T @ solved

    return run


def report(title: str, ours: list[float], bare: list[float], name: str) -> None:
    ratio = float(np.median(np.array(ours) / np.array(bare)))
    print(f"{title}: {np.median(ours):.2f} s, {name} {np.median(bare):.2f} s, ratio {ratio:.2f}")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    for name, default in (("visits", 10_000), ("items", 2_000), ("few", 200), ("many-items", 5_000), ("days", 5)):
        flags.add_argument(f"--{name}", type=int, default=default)
    chosen = flags.parse_args()
    rng = np.random.default_rng(0)
    for n_visits, n_items in ((chosen.visits, chosen.items), (chosen.few, chosen.many_items)):
        items = Items(np.zeros(n_items, np.int32), np.zeros(n_items, np.int32))
        agent = make("thompson", items, SLOTS, 0, belief="ease-posterior", refit_every=100)
        a_day(agent, rng, np.arange(10_000), 0)()  # all users there will be
        ours, anew, woodbury = list[float](), list[float](), list[float]()
        for day in range(1, chosen.days + 1):
            users = np.sort(rng.permutation(10_000)[:n_visits])
            ours.append(clock(a_day(agent, rng, users, day)))
            anew.append(clock(inverted(agent)))
            if n_visits == chosen.few:
                woodbury.append(clock(led_on(n_items, 2 * n_visits)))
        title = f"observe + update of {n_visits:,} visits, {n_items:,} items"
        report(title, ours, anew, "inverting anew, bare")
        if woodbury:
            report(title, ours, woodbury, "leading on, bare")


if __name__ == "__main__":
    main()
