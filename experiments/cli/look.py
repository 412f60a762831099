"""`serendip look`: what a file of interactions is read as, and what would be kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import MinRating, Pairs, Positive, TimeUnit, shown


@dataclass(frozen=True)
class Look:
    """Look at interactions before anything is done with them: what was guessed, what is kept, what is dropped and why.

    Nothing is written.  `calibrate` and `benchmark` read a file in the same way, with the same flags.
    """

    data: Annotated[Path, tyro.conf.Positional, shown("FILE")]
    """Interactions, one a row: text with any separator, with or without a header, JSON lines, Parquet or Arrow, packed
    by gzip or not."""

    columns: Pairs = ()
    """What columns are called, as user=listener item=song time=when rating=stars; without a header by number."""

    min_rating: MinRating = None
    """Smallest rating that counts as a positive."""

    positive: Positive = None
    """What makes a row a positive, in place of ratings, such as "watch_ratio>=0.8"."""

    time_unit: TimeUnit = None
    """Unit of times that are numbers from some start, such as days."""

    min_events: int = 5
    """Positives that a user needs."""

    def execute(self) -> None:
        """Read the file and print what is in it."""
        from serendip.experiments.cli.output import say
        from serendip.simulator.reading import Wanted, read_interactions
        from serendip.simulator.reading.looking import look

        found = read_interactions(self.data, Wanted(self.columns, self.min_rating, self.positive, self.time_unit))
        say(*look(found, self.min_events))
