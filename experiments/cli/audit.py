"""`serendip audit`: whether a log's propensities can be what they say they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import JsonFile, shown


@dataclass(frozen=True)
class AuditLog:
    """Audit a log: do its propensities have the mean weight of 1 that true probabilities have?

    Asked of all decisions, each policy, its versions, each day, position, item and tenth of the items, of what users
    were shown before, of whole slates, and of the logged agent itself, where it is saved beside the log.  Where nothing
    is found, the answer says how large an error would have to be to show.
    """

    log: Annotated[Path, tyro.conf.Positional, shown("LOG")]
    """A log's folder, or a Parquet or CSV file of your own."""

    columns: Annotated[tuple[str, ...], shown("NAME=COLUMN ...")] = ()
    """What columns of your own file are called, such as propensity=pscore item=action."""

    report: Annotated[Path | None, shown("FILE.html")] = None
    """Write the answers as one page to open in a browser."""

    json: JsonFile = None
    """Write the answers as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Put the questions to the log and print the answers."""
        from rich.text import Text

        import serendip
        from serendip.experiments.cli.flags import pairs
        from serendip.experiments.cli.output import STDOUT, console_for, write

        console = console_for(self.json)
        found = serendip.audit(self.log, report=self.report, columns=pairs(self.columns))
        write(found.to_json(), self.json)
        if self.json == STDOUT:
            return
        marks = {True: ("yes", "green"), False: ("no", "red"), None: ("not asked", "yellow")}
        for check in found.checks:
            console.print(Text.assemble(f"{check.name}: ", marks[check.passed], f". {check.detail}"))
        colour = "green" if found.sound else "red"
        first, _, rest = found.answer.partition(";" if found.sound else ":")
        console.print(Text.assemble((first, f"bold {colour}"), f"{';' if found.sound else ':'}{rest}."))
        if found.not_asked:
            console.print(f"This log could not be asked: {', '.join(found.not_asked)}.")
