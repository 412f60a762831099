"""Tables that go to any data-frame library."""

from __future__ import annotations

import importlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from serendip.simulator.errors import SettingsError


class Table:
    """An Arrow table.  Data frames of any library are made from it (`polars.DataFrame(table)`), or by `to_...`.

    Attributes:
        arrow: the table itself, a `pyarrow.Table`.
    """

    def __init__(self, columns: Any) -> None:
        self.arrow: Any = columns if isinstance(columns, pa.Table) else pa.table(columns)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.arrow.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __getitem__(self, column: str) -> Any:
        """Return a column as a NumPy array, or as a list where it holds text."""
        values = self.arrow[column]
        return values.to_pylist() if pa.types.is_string(values.type) else values.to_numpy()

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.arrow.column_names)

    def where(self, **values: Any) -> Table:
        """Return the rows that have these values in these columns, such as `agent="ease-greedy"`."""
        rows = self.arrow
        for name, value in values.items():
            rows = rows.filter(pc.equal(rows[name], pa.scalar(value)))  # pyright: ignore
        return Table(rows)

    def to_pandas(self) -> Any:
        """Return a pandas data frame."""
        _needed("pandas")
        return self.arrow.to_pandas()

    def to_polars(self) -> Any:
        """Return a polars data frame."""
        return _needed("polars").DataFrame(self.arrow)

    def to_pylist(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return self.arrow.to_pylist()

    def __repr__(self) -> str:
        shown = self.arrow.slice(0, 20).to_pylist()
        head = "  ".join(self.columns)
        lines = ["  ".join(_words(row[name]) for name in self.columns) for row in shown]
        more = [f"... {len(self) - len(shown)} more rows"] if len(self) > len(shown) else []
        return "\n".join([f"Table of {len(self)} rows", head, *lines, *more])


def _words(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _needed(library: str) -> Any:
    try:
        return importlib.import_module(library)
    except ImportError as error:
        raise SettingsError(f"{library} is not installed; install it, or use .arrow") from error
