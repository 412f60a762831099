"""`serendip plot`: the figures of a run, again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import shown


@dataclass(frozen=True)
class Plot:
    """Draw the figures of a results folder again, from its tables alone."""

    results: Annotated[Path, tyro.conf.Positional, shown("DIR")]
    """A folder that `serendip run` wrote."""

    def execute(self) -> None:
        """Draw the figures, print the table and say where they are."""
        from serendip.experiments.cli.output import console_for
        from serendip.experiments.online.run import report

        report(self.results, console_for(None))
