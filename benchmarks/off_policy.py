"""How fast a log is valued, and in how much memory: `python benchmarks/off_policy.py [--rows 10000000]`.

Eight point estimates with standard errors in one pass over Parquet, and 200 bootstrap replicates over users with 20
rows each.  A measurement is a process of its own, so that its peak memory is its own; time starts after the imports.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.offline.intervals import INTERVALS
from serendip.experiments.offline.parallel import COLUMNS, value_parts
from serendip.experiments.offline.valuation import Method

EIGHT = ("ips", "clipped_ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os")
PARTS = 10


def write(folder: Path, n_rows: int) -> None:
    """Write a log in the order of time: slates of 5, each user 20 rows over 4 days."""
    rng = np.random.default_rng(0)
    n_users = n_rows // 20
    for part in range(PARTS):
        n = n_rows // PARTS
        users = np.sort(rng.integers(0, n_users, n // 5))
        columns = {"user": np.repeat(users, 5), "propensity": rng.uniform(0.05, 1.0, n), "target": rng.uniform(0, 1, n)}
        columns |= {
            "reward": (rng.random(n) < 0.2).astype(float),
            "predicted": rng.random(n),
            "expected": rng.random(n),
        }
        pq.write_table(pa.table(columns), folder / f"part-{part:02d}.parquet", compression="zstd")


def peak() -> float:
    """Return the peak memory of this process in MB; unlike getrusage's, it starts anew with the program."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def measure(folder: Path, n_jobs: int, replicates: int, backend: str) -> dict[str, float]:
    """Return seconds, those of processor time, rows per second and MB over the start (of the first process)."""
    files = sorted(folder.glob("part-*.parquet"))
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    method = Method(estimators=EIGHT, n_replicates=replicates)
    INTERVALS.cards()  # imports them
    before, start, worked = peak(), time.perf_counter(), time.process_time()
    valued = value_parts(files, {name: name for name in COLUMNS}, method, n_jobs=n_jobs, backend=backend)
    assert valued is not None
    estimates = valued.estimates((0.0, 1.0)) if replicates else {}
    seconds = time.perf_counter() - start
    found = {"seconds": seconds, "processor_seconds": time.process_time() - worked, "rows_per_second": rows / seconds}
    return (
        found
        | {"peak_mb_over_start": peak() - before}
        | {name: e.value for name, e in list(estimates.items())[:1] if e.value is not None}
    )


def main() -> None:
    """Write a log, measure in fresh processes, and print one line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--one", nargs=4, metavar=("FOLDER", "JOBS", "REPLICATES", "BACKEND"))
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(Path(given.one[0]), int(given.one[1]), int(given.one[2]), given.one[3])))
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), given.rows)
        tasks = ((1, 0, "threads"), (2, 0, "threads"), (1, 200, "threads"), (2, 200, "threads"), (2, 0, "loky"))
        for jobs, replicates, backend in tasks:
            command = [sys.executable, __file__, "--one", folder, str(jobs), str(replicates), backend]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            numbers = ", ".join(f"{name} {value:,.2f}" for name, value in found.items())
            print(f"{given.rows:,} rows, {jobs} {backend}, {replicates} replicates: {numbers}", flush=True)


if __name__ == "__main__":
    main()
