"""`serendip export`: results to send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import DPI, Formats, TableFormats, shown


@dataclass(frozen=True)
class Export:
    """Write what can be sent of a results folder: words, tables, figures and the page, without what it was made of."""

    results: Annotated[Path, tyro.conf.Positional, shown("DIR")]
    """A folder that `serendip run` wrote."""

    out: Annotated[Path, shown("DIR2|FILE.zip")]
    """A folder that is not there yet, or a file that ends with .zip."""

    format: Formats = ("png",)
    """Formats of the figures."""

    dpi: DPI = 150
    """Dots per inch of a PNG."""

    tables: TableFormats = ("csv",)
    """Formats of the tables."""

    logs: bool = False
    """Also the logs that were kept, a Parquet file each, with the ids of the data where the world has them."""

    def execute(self) -> None:
        """Write the files and say which."""
        from serendip.experiments.cli.output import say
        from serendip.results import StudyResults

        results = StudyResults(self.results)
        names = results.export(self.out, format=self.format, dpi=self.dpi, tables=self.tables, logs=self.logs)
        say(f"exported to {self.out}: {', '.join(names)}")
