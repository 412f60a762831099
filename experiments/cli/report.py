"""`serendip report`: one page of a run, to open, to print and to send."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import shown


@dataclass(frozen=True)
class Report:
    """Write the page of a results folder: the answer, the figures, the tables, and how far they can be trusted.

    It is one HTML file that needs no network.  What `serendip evaluate --json RESULTS/evaluations/NAME.json` wrote is
    told too.
    """

    results: Annotated[Path, tyro.conf.Positional, shown("DIR")]
    """A folder that `serendip run` wrote."""

    out: Annotated[Path | None, shown("FILE.html", "(default: report.html in the folder)")] = None
    """Where the page is written."""

    def execute(self) -> None:
        """Write the page and say where it is."""
        from serendip.experiments.cli.output import say
        from serendip.results import StudyResults

        say(f"report in {StudyResults(self.results).report(self.out)}")
