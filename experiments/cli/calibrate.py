"""`serendip calibrate`: a world from your own ratings, or from a log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

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
    """Write how well a world matches its ratings as one page to open in a browser."""

    seed: int = 0
    """Seed of the factorisation, the clustering and the draws that the data is held against."""

    def execute(self) -> None:
        """Fit the world, write it and print how well it matches."""
        if self.ratings.is_dir():
            self._to_log()
            return
        from serendip.experiments.cli.output import say, step_progress
        from serendip.experiments.figures import calibration as figure
        from serendip.experiments.figures.style import save
        from serendip.experiments.report.evaluation import made_by
        from serendip.experiments.report.fit import fit_page
        from serendip.experiments.report.page import write_page
        from serendip.experiments.running.screen import Screen
        from serendip.simulator.calibration import calibrate
        from serendip.simulator.reading import Wanted

        wanted = Wanted(self.columns, self.min_rating, self.positive, self.time_unit)
        how: dict[str, Any] = {"n_users": self.users, "force": self.force, "titles": self.items}
        with step_progress(Screen(stderr=True)) as at:
            report = calibrate(self.ratings, self.out, wanted, self.seed, **how, at=at)
        save(figure.draw(report), self.out / "fit.png")
        if self.report is not None:
            write_page(fit_page(report, made_by(self.ratings)), self.report)
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
