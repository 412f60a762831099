"""What a sparse approximate inverse loses and saves beside the sparse field: `python benchmarks/sparse_inverse.py`.

Both learn with their defaults from the same clicks, made up (25,000 users, 45,000 items) or those of `--data`, and are
asked for what was held out of other users.  Seconds are of the processor, on one thread, after one fit of a few clicks
that compiles the loops; quality is NDCG@100, with the standard error of the paired difference.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from made_up import made_up

from serendip.agents.models.full_rank import SparseField
from serendip.agents.models.memory import peak_bytes, reset_peak
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.sparse_inverse import SparseInverse
from serendip.experiments.benchmark.data import Events, read_events
from serendip.experiments.benchmark.metrics import evaluate
from serendip.experiments.benchmark.splits import Split, split


def events(clicks: Any) -> Events:
    """Return CSR `clicks` as events, in the order in which they stand there."""
    users = np.repeat(np.arange(clicks.shape[0]), np.diff(clicks.indptr))
    return Events(users, clicks.indices.astype(np.int64), np.arange(len(users), dtype=np.float64), False)


def measured(model: Any, parts: Split) -> tuple[float, float, Any]:
    """Return seconds to learn, the most gigabytes held beyond what was held before, and each test user's NDCG@100."""
    before = reset_peak()
    start = time.process_time()
    model.fit(Interactions(parts.train))
    taken = time.process_time() - start
    return taken, (peak_bytes() - before) / 1e9, evaluate(model, parts.test)["ndcg@100"]


def main() -> None:
    """Measure both and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=25_000)
    parser.add_argument("--items", type=int, default=45_000)
    parser.add_argument("--clicks", type=int, default=700_000)
    parser.add_argument("--data", type=Path, help="clicks that are real, as `serendip benchmark` reads them")
    given = parser.parse_args()
    found = read_events(given.data) if given.data else events(made_up(given.users, given.items, given.clicks))
    parts = split(found, "strong", 0)
    train = csr(parts.train)
    print(f"{train.shape[0]:,} users, {train.shape[1]:,} items, {train.nnz:,} clicks", flush=True)
    SparseInverse().fit(Interactions(made_up(50, 20, 300, n_topics=2)))
    slow, much, field = measured(SparseField(), parts)
    print(f"sparse-mrf      {slow:6.1f} s {much:5.2f} GB  NDCG@100 {field.mean():.4f}", flush=True)
    quick, little, ours = measured(SparseInverse(), parts)
    print(f"sparse-inverse  {quick:6.1f} s {little:5.2f} GB  NDCG@100 {ours.mean():.4f}")
    error = (ours - field).std() / np.sqrt(len(ours))
    lost = 100.0 * (1.0 - ours.mean() / field.mean())
    print(
        f"{slow / quick:.1f} times as fast, {lost:.2f}% of NDCG lost (standard error {100 * error / field.mean():.2f})"
    )


if __name__ == "__main__":
    main()
