"""A log valued where it is: `python benchmarks/engines.py [--rows 10000000] [--times 1]`.

Eight estimates and 200 replicates of the bootstrap from Parquet, by the streaming path and by DuckDB and Polars, each
in a process of its own; time starts after the imports.  `--times 100` has the engines read the files as often, so that
a log of 10^9 rows needs the disk of one of 10^7; its users then have as many times the rows.
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
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pyarrow.parquet as pq
from off_policy import EIGHT, peak, write

from serendip.experiments.offline.intervals import INTERVALS
from serendip.experiments.offline.parallel import COLUMNS, value_parts
from serendip.experiments.offline.valuation import Method

ENGINES = ("stream", "duckdb", "polars")


def scanned(engine: str, files: list[str], threads: int) -> Any:
    """Return the table as the engine reads it, on so many threads."""
    if engine == "duckdb":
        import duckdb

        connection = duckdb.connect(config={"threads": threads, "memory_limit": "900MB"})
        return connection.read_parquet(files)
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars

    return polars.scan_parquet(files)


def measure(folder: Path, engine: str, times: int, threads: int) -> dict[str, Any]:
    """Return seconds, rows, peak memory in MB over the start, and what the first estimates are."""
    from serendip.experiments.offline.engines.pushed import value_frame

    files = sorted(folder.glob("part-*.parquet")) * times
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    method, names = Method(estimators=EIGHT, n_replicates=200), {name: name for name in COLUMNS}
    INTERVALS.cards()  # imports them
    frame = None if engine == "stream" else scanned(engine, [str(file) for file in files], threads)
    before, start = peak(), time.perf_counter()
    stream = frame is None
    valued = value_parts(files, names, method, n_jobs=threads) if stream else value_frame(frame, names, method)
    assert valued is not None
    estimates = valued.estimates((0.0, 1.0))
    seconds = time.perf_counter() - start
    found = {"seconds": seconds, "rows": rows, "rows_per_second": rows / seconds, "peak_mb_over_start": peak() - before}
    counts = valued.moments.sums[:, 0].tolist()
    return found | {"values": {name: estimates[name].value for name in EIGHT}, "counts": counts}


def farthest(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return how far two engines' estimates are apart, relative."""
    return max(abs(other["values"][name] / value - 1.0) for name, value in one["values"].items())


def main() -> None:
    """Write a log, measure in fresh processes, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engines", nargs="+", default=ENGINES)
    parser.add_argument("--one", nargs=2, metavar=("FOLDER", "ENGINE"))
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(Path(given.one[0]), given.one[1], given.times, given.threads)))
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), given.rows)
        first = None
        for engine in given.engines:
            options = ["--times", str(given.times), "--threads", str(given.threads)]
            command = [sys.executable, __file__, "--one", folder, engine, *options]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            first = first or found
            same = "equal" if first["counts"] == found["counts"] else "differ"
            print(
                f"{found['rows']:,} rows, {engine}: {found['seconds']:.1f} s, {found['rows_per_second'] / 1e6:.2f} "
                f"million rows/s, {found['peak_mb_over_start']:.0f} MB over the start; "
                f"{farthest(first, found):.0e} apart, counts {same}",
                flush=True,
            )


if __name__ == "__main__":
    main()
