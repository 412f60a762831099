"""`serendip compare`: two folders of results beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import JsonFile, shown


@dataclass(frozen=True)
class Compare:
    """Compare two results folders: what each agent did in one and in the other, paired over the seeds of both."""

    first: Annotated[Path, tyro.conf.Positional, shown("DIR")]
    """A folder that `serendip run` wrote."""

    second: Annotated[Path, tyro.conf.Positional, shown("DIR2")]
    """Another, such as one in another world or of another length."""

    report: Annotated[Path | None, shown("FILE.html")] = None
    """Write the two as one page to open in a browser."""

    json: JsonFile = None
    """Write the rows as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Print the rows and what can be said of them."""
        from serendip.experiments.cli.output import STDOUT, console_for, write
        from serendip.experiments.report.comparing import compare, in_words, to_rich
        from serendip.results import StudyResults

        console = console_for(self.json)
        first, second = StudyResults(self.first), StudyResults(self.second)
        write(first.compare(second, report=self.report).to_pylist(), self.json)
        if self.json == STDOUT:
            return
        rows = compare(first.found, second.found)
        console.print(to_rich(rows, f"{self.first} (first) and {self.second} (second)"))
        for line in in_words(first.found, second.found, rows):
            console.print(line)
