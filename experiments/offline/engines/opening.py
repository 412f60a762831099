"""A log in Parquet, as an engine reads it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from serendip.experiments.offline.engines.pushed import value_frame
from serendip.experiments.offline.reading.column_map import AS_THEY_ARE
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.reading.table_columns import MappedColumns
from serendip.experiments.offline.reading.table_files import files_of, header_of
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.experiments.offline.valuation import Method, Valued
from serendip.simulator.errors import SettingsError

OPEN: dict[str, Callable[[Any, list[str]], Any]] = {
    "duckdb": lambda duckdb, files: duckdb.read_parquet(files),
    "polars": lambda polars, files: polars.scan_parquet(files),
}
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
    frame = OPEN[engine](importlib.import_module(engine), [str(file) for file in files])
    return value_frame(frame, columns, method)
