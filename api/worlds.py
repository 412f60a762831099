"""Worlds from one's own data."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from serendip.frames import as_path
from serendip.simulator.files import write_whole
from serendip.simulator.world import World, make_world


class FittedWorld(World):
    """A world fitted to data, with the report of its fit."""

    fit: Any
    ids: str | None = None
    """What the data call each item: the text of items.csv, where the data are not a log."""

    def save(self, folder: Path) -> None:
        """Write the world to `folder`, with the ids of its items."""
        super().save(folder)
        if self.ids is not None:
            write_whole(folder / "items.csv", self.ids)

    def report(self) -> str:
        """Return how well the world matches the data: what was fitted, what is assumed, which checks failed."""
        return "\n".join(self.fit.lines())


def calibrate(
    data: Any,
    out: str | Path | None = None,
    *,
    seed: int = 0,
    min_rating: float | None = None,
    positive: str | None = None,
    time_unit: str | None = None,
    **columns: str,
) -> FittedWorld:
    """Return a world fitted to interactions or to a log.

    Args:
        data: interactions as a file of any usual format or a data frame, one a row (user, item, time, a rating or
            none), or the folder of a log.
        out: folder to write the world to; none when left out.
        seed: of the fit, and of the world that is drawn from it.
        min_rating: smallest rating that counts as a positive; None for 4/5 of the largest.
        positive: what makes a row a positive, in place of ratings, such as `watch_ratio>=0.8`.
        time_unit: unit of times that are numbers from some start, such as `days`.
        columns: what the columns are called: `user`, `item`, `rating`, `time`.

    Raises:
        DataError: the data cannot be read, or are too few to fit a world to.
    """
    from serendip.simulator.calibration import calibrate as fit
    from serendip.simulator.calibration import calibrate_log
    from serendip.simulator.reading import Wanted

    with tempfile.TemporaryDirectory(prefix="serendip-") as made, as_path(data) as path:
        folder = Path(made) / "world" if out is None else Path(out)
        if path.is_dir():
            report: Any = calibrate_log(path, folder, seed=seed)
        else:
            report = fit(path, folder, Wanted(columns, min_rating, positive, time_unit), seed)
        world = make_world(folder, seed)
        ids = (folder / "items.csv").read_text(encoding="utf-8") if (folder / "items.csv").exists() else None
    world.__class__ = FittedWorld
    assert isinstance(world, FittedWorld)
    world.fit, world.ids = report, ids
    return world
