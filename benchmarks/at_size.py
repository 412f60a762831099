"""Time and memory of models on 25 million clicks: `python benchmarks/at_size.py [--models ials sparse-inverse ease]`.

162,000 users and 59,000 items, the size of MovieLens 25M, made up with its long tails.  Seconds are of the processor,
of all threads (OMP_NUM_THREADS, one unless it says otherwise), and by the clock; gigabytes are what a fit held at most
beyond what was held before, the clicks among the latter.  EASE needs n^2 numbers and n^3 steps: where all items
do not fit, what is said is printed, and it learns on the `--popular` most clicked items.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from made_up import made_up

from serendip.agents.models import build
from serendip.agents.models.memory import MemoryNeedError, peak_bytes, require, reset_peak
from serendip.agents.models.model import Interactions


def measured(name: str, clicks: Any, **settings: Any) -> tuple[float, float, float]:
    """Return seconds of the processor, seconds by the clock and gigabytes of a fit."""
    model, before = build(name, settings), reset_peak()
    start, clock = time.process_time(), time.perf_counter()
    model.fit(Interactions(clicks))
    return time.process_time() - start, time.perf_counter() - clock, (peak_bytes() - before) / 1e9


def say(what: str, found: tuple[float, float, float]) -> None:
    """Print a line."""
    print("{:<44} {:7.1f} s of the processor, {:7.1f} by the clock, {:5.2f} GB".format(what, *found), flush=True)


def ials(clicks: Any, factors: int) -> None:
    """Measure a pass over users and items, as the second pass less the first of two fits."""
    one = measured("ials", clicks, n_factors=factors, epochs=1)
    three = measured("ials", clicks, n_factors=factors, epochs=3)
    sweep = (three[0] - one[0]) / 2.0, (three[1] - one[1]) / 2.0, three[2]
    say(f"ials, {factors} factors, a sweep", sweep)


def ease(clicks: Any, popular: int) -> None:
    """Say what all items need, and measure the most popular ones."""
    n_items = clicks.shape[1]
    try:
        require(4 * n_items**2, f"a dense item-item model of {n_items:,} items", "the most popular then")
        print(f"ease: {4e-9 * n_items**2:.1f} GB in float32 would fit here; {n_items**3:.2g} steps")
    except MemoryNeedError as error:
        print(f"ease: {error}")
    most = np.sort(np.argsort(-np.bincount(clicks.indices, minlength=n_items), kind="stable")[:popular])
    part = clicks.tocsc()[:, most].tocsr()
    print(f"  the {popular:,} most popular items have {part.nnz / clicks.nnz:.1%} of the clicks")
    say(f"ease, {popular:,} items, float32", measured("ease", part))


def main() -> None:
    """Make the clicks and measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=162_000)
    parser.add_argument("--items", type=int, default=59_000)
    parser.add_argument("--clicks", type=int, default=25_000_000)
    parser.add_argument("--models", nargs="*", default=["ials", "sparse-inverse", "ease"])
    parser.add_argument("--factors", type=int, default=64, help="of iALS")
    parser.add_argument("--popular", type=int, default=20_000, help="items that EASE learns on")
    given = parser.parse_args()
    clicks = made_up(given.users, given.items, given.clicks)
    users, items = np.diff(clicks.indptr), np.bincount(clicks.indices, minlength=given.items)
    print(f"{clicks.nnz:,} clicks; users {np.median(users):.0f} in the middle, {users.max():,} at most;", end=" ")
    print(f"items {np.median(items):.0f} in the middle, {items.max():,} at most", flush=True)
    if "ials" in given.models:
        ials(clicks, given.factors)
    if "sparse-inverse" in given.models:
        build("sparse-inverse").fit(Interactions(made_up(50, 20, 300, n_topics=2)))  # compiled
        say("sparse-inverse, 100 neighbours of 1,000 kept", measured("sparse-inverse", clicks, neighbours=100))
    if "ease" in given.models:
        ease(clicks, given.popular)


if __name__ == "__main__":
    main()
