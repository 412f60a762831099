"""How a file is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_SPOKEN = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", "::": "double colons", " ": "spaces"}


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is to be read.

    Attributes:
        path: the file.
        kind: what it is.
        names: names of the columns; where there is no header, their numbers from 1, as words.
        rows: the first rows, as words.
        gzipped: whether it is packed by gzip.
        separator: what stands between the cells of a text; a space stands for any run of spaces and tabs.
        header: whether the first line of a text names the columns.
        quoted: whether quotes in a text hold cells together.
    """

    path: Path
    kind: Literal["text", "json", "parquet", "arrow"]
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    gzipped: bool = False
    separator: str = ","
    header: bool = True
    quoted: bool = True

    @property
    def spoken(self) -> str:
        """What was recognised, in words."""
        packed = ", packed by gzip" if self.gzipped else ""
        if self.kind != "text":
            return {"json": "JSON lines", "parquet": "Parquet", "arrow": "Arrow"}[self.kind] + packed
        head = "a header" if self.header else "no header (columns are numbered from 1)"
        return f"text with {_SPOKEN[self.separator]} between cells and {head}{packed}"
