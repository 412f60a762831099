"""`serendip list`: what can be named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import shown


@dataclass(frozen=True)
class Catalogue:
    """List what can be named: worlds, agents, studies and the parts they are made of."""

    kind: Annotated[str | None, tyro.conf.Positional, shown("[KIND]")] = None
    """What to list, such as agents; all kinds when left out."""

    def execute(self) -> None:
        """Print the names, one per line, with what they are."""
        from serendip.simulator.interface import SerendipError

        raise SerendipError("this subcommand is not built yet")
