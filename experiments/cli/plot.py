"""`serendip plot`: the figures and tables of a run, again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import DPI, Formats, TableFormats, shown


@dataclass(frozen=True)
class Plot:
    """Draw the figures of a results folder again, and write its tables, from its counts alone."""

    results: Annotated[Path, tyro.conf.Positional, shown("DIR")]
    """A folder that `serendip run` wrote."""

    format: Formats = ("png",)
    """Formats of the figures."""

    dpi: DPI = 150
    """Dots per inch of a PNG."""

    tables: TableFormats = ("csv",)
    """Formats of the tables."""

    def execute(self) -> None:
        """Draw the figures, print the table and say where they are."""
        from serendip.experiments.cli.output import console_for
        from serendip.experiments.online.run import tell
        from serendip.results import StudyResults

        results = StudyResults(self.results)
        files = results.write(format=self.format, dpi=self.dpi, tables=self.tables)
        tell(self.results, results.found, files, console_for(None))
