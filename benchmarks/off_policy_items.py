"""Memory of MIPS over a million items: `python benchmarks/off_policy_items.py [ITEMS]`.

A log of the uniform agent is written and the popularity agent valued from it by `evaluate`, weights of topics and all.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
from off_policy import peak

from serendip.agents import registry
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.valuation import Method
from serendip.simulator.interface import Feedback, Items, Visits
from serendip.simulator.logs import LogMeta, LogWriter

USERS, DAYS, LENGTH, TOPICS = 500, 5, 5, 50


def write(folder: Path, n_items: int) -> Path:
    """Write a log of uniformly random slates in which a click hangs on the topic."""
    rng = np.random.default_rng(0)
    items = Items((np.arange(n_items) % TOPICS).astype(np.int32), np.zeros(n_items, dtype=np.int32))
    agent = registry.make("uniform", items, LENGTH, 0)
    rate = rng.uniform(0.05, 0.8, TOPICS)
    writer, users = LogWriter(folder / "log"), np.arange(USERS)
    for day in range(DAYS):
        visits = Visits(users, day, np.zeros(USERS, dtype=np.int32), items.available(day))
        slates = agent.act(visits, 3)
        writer.append(visits, slates, Feedback(rng.random(slates.items.shape) < rate[items.topic[slates.items]]))
    days = {"first_day": users * 0, "last_day": users * 0 + DAYS - 1, "censored": [True] * USERS}
    table = pa.table({"user_id": users, "cohort": ["all"] * USERS, **days})
    writer.close(LogMeta("items", ("uniform",), LENGTH, DAYS, key=3, propensity_floor=1.0 / n_items), table, items)
    return folder / "log"


def main(n_items: int) -> None:
    """Print seconds, memory and the two standard errors."""
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # its memory is not ours
            log = pool.submit(write, Path(folder), n_items).result()
        start = time.perf_counter()
        found = evaluate(log, "popularity", method=Method(("ips", "mips"), n_replicates=100))
        seconds = time.perf_counter() - start
        errors = {name: e.standard_error for name, e in found.estimates.items()}
        print(f"{n_items:,} items, {USERS * DAYS * LENGTH:,} slots: {seconds:.1f} s, peak {peak():,.0f} MB, {errors}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
