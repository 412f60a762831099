"""`serendip calibrate`: a world from your own ratings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

Column = Annotated[str | None, tyro.conf.arg(metavar="COLUMN")]


@dataclass(frozen=True)
class Calibrate:
    """Fit a world to real interactions, and say how well it matches them."""

    ratings: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RATINGS.csv")]
    """One interaction per row: user, item, rating (or none) and timestamp; MovieLens' own header is recognised."""

    out: Annotated[Path, tyro.conf.arg(metavar="WORLD")]
    """Folder to write the world to; `serendip run STUDY --world WORLD` plays in it."""

    user_column: Column = None
    """Column with the user, where it has another name."""

    item_column: Column = None
    """Column with the item, where it has another name."""

    rating_column: Column = None
    """Column with the rating, where it has another name."""

    time_column: Column = None
    """Column with the timestamp, where it has another name."""

    def execute(self) -> None:
        """Fit the world, write it and print how well it matches."""
        from serendip.simulator.interface import SerendipError

        raise SerendipError("this subcommand is not built yet")
