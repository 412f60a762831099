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

    Asked of all decisions, each policy, its versions, each day and each item; and of the logged agent itself, where it
    is saved beside the log.
    """

    log: Annotated[Path, tyro.conf.Positional, shown("LOG")]
    """A log's folder."""

    json: JsonFile = None
    """Write the answers as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Put the questions to the log and print the answers."""
        from serendip.experiments.cli.output import STDOUT, console_for, write
        from serendip.experiments.offline.judging.audit import audit

        console = console_for(self.json)
        found = audit(self.log)
        write(found.to_json(), self.json)
        if self.json == STDOUT:
            return
        marks = {True: "[green]yes[/]", False: "[red]no[/]", None: "[yellow]not asked[/]"}
        for check in found.checks:
            console.print(f"{check.name}: {marks[check.passed]}. {check.detail}")
        if found.sound:
            console.print("[bold green]sound[/]: nothing speaks against its propensities.")
        else:
            names = ", ".join(found.broken) or "the logger"
            console.print(f"[bold red]broken[/]: {names}; no importance weight from this log can be trusted.")
