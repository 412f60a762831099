"""A log in Parquet, as an engine reads it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from serendip.experiments.offline.engines.pushed import summed
from serendip.experiments.offline.reading.column_map import AS_THEY_ARE
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.reading.table_columns import MappedColumns
from serendip.experiments.offline.reading.table_files import files_of, header_of
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.experiments.offline.valuation import Method, Valuation, Valued
from serendip.simulator.errors import SettingsError


def _by_duckdb(duckdb: Any, files: list[str]) -> Any:
    """Return the table in a database of its own, which shows no progress: it would do so on standard output."""
    database = duckdb.connect()
    database.execute("SET enable_progress_bar = false")
    return database.read_parquet(files)


OPEN: dict[str, Callable[[Any, list[str]], Any]] = {
    "duckdb": _by_duckdb,
    "polars": lambda polars, files: polars.scan_parquet(files),
}
_BYTES = {"duckdb": 1 << 60, "polars": 1 << 28}  # at once: Polars keeps what it puts aside of groups to the end
_SHOWN = ("user", "reward", "propensity", "target")


def value_files(source: Source, method: Method, engine: str) -> Valued | None:
    """Return the sums of a table of Parquet files with a column for the target, made by `engine`.

    Raises:
        SettingsError: the engine is not installed, or the log is another, or has no column for users or the target.
        DataError: a value is missing or out of range.
    """
    if any(importlib.util.find_spec(module) is None for module in (engine, "narwhals")):
        raise SettingsError(f"--backend {engine} needs {engine} and narwhals; pip install '.[engines]'")
    files = files_of(source.path) if isinstance(source, TableSource) else []
    if not isinstance(source, TableSource) or any(file.suffix != ".parquet" for file in files):
        raise SettingsError(f"{source.path}: --backend {engine} reads tables in Parquet; leave it out")
    known = MappedColumns(source.path, header_of(files[0]), source.columns, (), estimated=False)
    if known.costs:
        raise SettingsError(f"{source.path}: --backend {engine} takes rewards, not costs; leave it out")
    columns = {name: column for name, column in known.of.items() if name in (*_SHOWN, *AS_THEY_ARE)}
    whole, module = Valuation(method), importlib.import_module(engine)
    for some in _batches(files, _BYTES[engine]):
        whole.merge(summed(OPEN[engine](module, [str(file) for file in some]), columns, method))
    return whole.finish()


def _batches(files: Sequence[Path], size: int) -> Iterator[list[Path]]:
    """Yield the files in turn, as many at once as have `size` bytes or more."""
    batch, left = list[Path](), size
    for file in files:
        batch.append(file)
        left -= file.stat().st_size
        if left <= 0:
            yield batch
            batch, left = [], size
    if batch:
        yield batch
