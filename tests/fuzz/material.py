"""What is sound: a small input of each kind that the project reads, from which the spoiled ones are made."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse

from serendip.agents import registry
from serendip.experiments.__main__ import main
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter
from serendip.simulator.world import make_world

N_USERS, N_ITEMS, N_SLOTS, N_DAYS, N_ROWS = 12, 6, 2, 5, 200
CATALOGUE = Items(np.arange(N_ITEMS, dtype=np.int32) % 2, np.zeros(N_ITEMS, np.int32))


def make_all(root: Path) -> None:
    """Fill the folder `root` with one of each."""
    root.mkdir(parents=True, exist_ok=True)
    log(root / "log")
    table(root)
    ratings(root)
    for name in ("ease-greedy", "logistic-greedy"):
        registry.make(name, CATALOGUE, N_SLOTS, 0).save(root / f"agent-{name}")
    make_world("tiny", 0).save(root / "world")
    results(root / "results")


def log(folder: Path) -> None:
    """Write a log of the uniform policy, in three parts, with slate propensities; the last item is hidden from half."""
    rng = np.random.default_rng(7)
    writer = LogWriter(folder, rows_per_part=48)
    users = np.arange(N_USERS, dtype=np.int64)
    n_there = N_ITEMS - users % 2
    for day in range(N_DAYS):
        visits = Visits(users, day, np.zeros(N_USERS, np.int32), np.arange(N_ITEMS) < n_there[:, None])
        items = np.stack([rng.permutation(n)[:N_SLOTS] for n in n_there])
        each = np.repeat(1.0 / n_there[:, None], N_SLOTS, axis=1)
        slates = Slates(items, each, 1.0 / (n_there * (n_there - 1)), np.ones(N_USERS, bool))
        writer.append(visits, slates, Feedback(rng.random(items.shape) < 0.3))
    columns: dict[str, Any] = {
        "user_id": users,
        "cohort": ["all"] * N_USERS,
        "first_day": np.zeros(N_USERS, np.int32),
        "last_day": np.full(N_USERS, N_DAYS - 1, np.int32),
        "censored": [True] * N_USERS,
    }
    meta = LogMeta("fuzz", ("uniform",), N_SLOTS, N_DAYS, propensity_floor=1 / N_ITEMS)
    writer.close(meta, pa.table(columns), CATALOGUE)


def table(root: Path) -> None:
    """Write somebody's own table, as CSV, as Parquet and as a folder of Parquet parts."""
    rng = np.random.default_rng(1)
    users = np.sort(rng.integers(0, 30, N_ROWS))
    columns: dict[str, Any] = {
        "user": [f"u{user}" for user in users],
        "item": rng.integers(0, 8, N_ROWS),
        "day": np.arange(N_ROWS) // 40,
        "reward": (rng.random(N_ROWS) < 0.3).astype(np.int64),
        "propensity": np.full(N_ROWS, 0.125),
        "target": np.round(rng.random(N_ROWS) / 4, 3),
    }
    whole = pa.table(columns)
    pq.write_table(whole, root / "table.parquet")
    rows = [",".join(columns), *(",".join(str(cell) for cell in row) for row in zip(*columns.values(), strict=True))]
    (root / "table.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (root / "table.jsonl").write_text("\n".join(json.dumps(row) for row in whole.to_pylist()) + "\n", encoding="utf-8")
    (root / "table.csv.gz").write_bytes(gzip.compress((root / "table.csv").read_bytes(), mtime=0))
    (root / "parts").mkdir()
    for number in range(2):
        pq.write_table(whole.slice(100 * number, 100), root / "parts" / f"{number}.parquet")


def ratings(root: Path) -> None:
    """Write ratings, clicks in time order, and a matrix with what it holds out."""
    rng = np.random.default_rng(2)
    pairs = [(user, item) for user in range(30) for item in rng.permutation(16)[:9]]
    rows = [f"{user},{item},{rng.integers(6, 11) / 2},{1_000_000_000 + rng.integers(10**7)}" for user, item in pairs]
    (root / "ratings.csv").write_text("\n".join(["userId,movieId,rating,timestamp", *rows]) + "\n", encoding="utf-8")
    (root / "clicks.txt").write_text("".join(f"{user} i{item}\n" for user, item in pairs), encoding="utf-8")
    titles = [f'{item},"Film {item}, the",Drama|War' for item in range(16)]
    (root / "movies.csv").write_text("\n".join(["movieId,title,genres", *titles]) + "\n", encoding="utf-8")
    (root / "flags.toml").write_text(
        'target = "ease-greedy"\nestimators = ["ips", "snips"]\nseed = 3\n', encoding="utf-8"
    )
    (root / "matrix").mkdir()
    users, items = np.asarray(pairs).T
    scipy.sparse.save_npz(root / "matrix" / "clicks.npz", scipy.sparse.coo_array((np.ones(len(pairs)), (users, items))))
    held = "\n".join(f"{user} {' '.join(str(item) for item in range(user % 3))}" for user in range(30))
    (root / "matrix" / "test.txt").write_text(held + "\n", encoding="utf-8")


def results(folder: Path) -> None:
    """Leave the folder of a small study that has finished."""
    size = ["--agents", "uniform", "popularity", "--seeds", "1", "--days", "2", "--jobs", "1"]
    if main(["run", "discovery", "--world", "tiny", *size, "--out", str(folder)]) != 0:
        raise RuntimeError("the small study that results are spoiled from did not finish")
