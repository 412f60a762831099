"""`serendip calibrate`: a world from your own ratings, or from a log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import ColumnName, Count, shown


@dataclass(frozen=True)
class Calibrate:
    """Fit a world to real interactions or to a log, and say how well it matches them."""

    ratings: Annotated[Path, tyro.conf.Positional, shown("RATINGS.csv|LOG")]
    """One interaction per row: user, item, rating (or none) and timestamp; MovieLens' own header is recognised.  Or the
    folder of a log, of which more is fitted: how slates are looked at and chosen from, how activity moves (minutes)."""

    out: Annotated[Path, shown("WORLD")]
    """Folder to write the world to; `serendip run STUDY --world WORLD` plays in it."""

    user_column: ColumnName = None
    """Column with the user, where it has another name."""

    item_column: ColumnName = None
    """Column with the item, where it has another name."""

    rating_column: ColumnName = None
    """Column with the rating, where it has another name."""

    time_column: ColumnName = None
    """Column with the timestamp, where it has another name."""

    users: Count = None
    """Users of the world; without, as many as in the data."""

    positive_from: Annotated[float | None, shown("RATING", "(default: 4/5 of the largest)")] = None
    """Smallest rating that counts as a positive."""

    force: bool = False
    """Write a world even where the data say next to nothing."""

    seed: int = 0
    """Seed of the factorisation, the clustering and the draws that the data is held against."""

    def execute(self) -> None:
        """Fit the world, write it and print how well it matches."""
        if self.ratings.is_dir():
            self._to_log()
            return
        from serendip.experiments.cli.output import say
        from serendip.experiments.figures import calibration as figure
        from serendip.experiments.figures.style import save
        from serendip.simulator.calibration import Columns, calibrate

        columns = Columns(self.user_column, self.item_column, self.rating_column, self.time_column)
        report = calibrate(
            self.ratings,
            self.out,
            columns,
            self.seed,
            n_users=self.users,
            positive_from=self.positive_from,
            force=self.force,
        )
        save(figure.draw(report), self.out / "fit.png")
        for line in report.lines():
            say(line)
        say(f"world in {self.out}; the fit in {self.out / 'fit.json'} and {self.out / 'fit.png'}")

    def _to_log(self) -> None:
        """Fit the world to a log."""
        from serendip.experiments.cli.output import say
        from serendip.simulator.calibration import calibrate_log

        for line in calibrate_log(self.ratings, self.out, seed=self.seed).lines():
            say(line)
        say(f"world in {self.out}; the fit in {self.out / 'fit.json'}")
