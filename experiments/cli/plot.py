"""`serendip plot`: the figures of a run, again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from serendip.experiments.cli.flags import shown


@dataclass(frozen=True)
class Plot:
    """Draw the figures of a results folder again, from its tables alone."""

    results: Annotated[Path, tyro.conf.Positional, shown("DIR")]
    """A folder that `serendip run` wrote."""

    formats: Annotated[tuple[Literal["png", "svg", "pdf"], ...], shown("png svg pdf")] = ("png",)
    """Formats of the figures."""

    def execute(self) -> None:
        """Draw the figures, print the table and say where they are."""
        from serendip.experiments.cli.output import console_for
        from serendip.experiments.online.run import report

        report(self.results, console_for(None), formats=self.formats or ("png",))
