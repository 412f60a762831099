"""`serendip calibrate`: a world from your own ratings, or from a log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import Count, MinRating, Pairs, Positive, TimeUnit, shown


@dataclass(frozen=True)
class Calibrate:
    """Fit a world to real interactions or to a log, and say how well it matches them."""

    ratings: Annotated[Path, tyro.conf.Positional, shown("RATINGS|LOG")]
    """One interaction per row: user, item, time and a rating or none, as text with any separator, with or without a
    header, JSON lines, Parquet or Arrow, packed by gzip or not.  Or the folder of a log, of which more is fitted: how
    slates are looked at and chosen from, how activity moves (minutes)."""

    out: Annotated[Path, shown("WORLD")]
    """Folder to write the world to; `serendip run STUDY --world WORLD` plays in it."""

    columns: Pairs = ()
    """What columns are called, as user=listener item=song time=when rating=stars; where there is no header, by their
    numbers from 1.  Usual names are recognised, and what is guessed is said."""

    min_rating: MinRating = None
    """Smallest rating that counts as a positive."""

    positive: Positive = None
    """What makes a row a positive, in place of ratings, such as "watch_ratio>=0.8" or "event==purchase"."""

    time_unit: TimeUnit = None
    """Unit of times that are numbers from some start, such as days."""

    items: Annotated[Path | None, shown("FILE")] = None
    """Titles of items: a file with their ids, titles and genres, such as movies.csv."""

    users: Count = None
    """Users of the world; without, as many as in the data."""

    force: bool = False
    """Write a world even where the data say next to nothing."""

    report: Annotated[Path | None, shown("FILE.html")] = None
    """Write how well a world matches its ratings or its log as one page to open in a browser."""

    seed: int = 0
    """Seed of the factorisation, the clustering and the draws that the data is held against."""

    def execute(self) -> None:
        """Fit the world, write it and print how well it matches."""
        import serendip
        from serendip.experiments.cli.flags import pairs
        from serendip.experiments.cli.output import say

        world = serendip.calibrate(
            self.ratings,
            self.out,
            seed=self.seed,
            min_rating=self.min_rating,
            positive=self.positive,
            time_unit=self.time_unit,
            items=self.items,
            n_users=self.users,
            force=self.force,
            report=self.report,
            columns=pairs(self.columns),
        )
        say(world.report())
        drawn = f" and {self.out / 'fit.png'}" if (self.out / "fit.png").is_file() else ""
        say(f"world in {self.out}; the fit in {self.out / 'fit.json'}{drawn}")
        say(f"next: serendip run discovery --world {self.out} --agents ease-greedy --seeds 1 --days 30")
