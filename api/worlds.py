"""Worlds from one's own data."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from serendip.frames import as_path, file_to_write
from serendip.simulator.errors import SettingsError
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

    @classmethod
    def of(cls, folder: Path, seed: int, fit: Any) -> FittedWorld:
        """Return the world in `folder`, with how it fits."""
        world: Any = make_world(folder, seed)
        world.__class__ = cls
        names = folder / "items.csv"
        world.fit, world.ids = fit, names.read_text(encoding="utf-8") if names.is_file() else None
        return world

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
    items: str | Path | None = None,
    n_users: int | None = None,
    force: bool = False,
    report: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    quiet: bool = False,
    **roles: str,
) -> FittedWorld:
    """Return a world fitted to interactions or to a log.

    Args:
        data: interactions as a file of any usual format or a data frame, one a row (user, item, time, a rating or
            none), or the folder of a log.
        out: folder to write the world to, with the fit and its figure; none when left out.
        seed: of the fit, and of the world that is drawn from it.
        min_rating: smallest rating that counts as a positive; None for 4/5 of the largest.
        positive: what makes a row a positive, in place of ratings, such as `watch_ratio>=0.8`.
        time_unit: unit of times that are numbers from some start, such as `days`.
        items: a file with the ids, titles and genres of items, such as movies.csv.
        n_users: users of the world; as many as in the data when left out.
        force: whether a world is made even where the data say next to nothing.
        report: file of a page on how well the world matches the data; none when left out.
        columns: what the columns are called, by their roles: `user`, `item`, `rating`, `time`.
        quiet: whether nothing is said of progress.
        roles: the same as words of their own: `user="listener"`.

    Raises:
        DataError: the data cannot be read, or are too few to fit a world to.
        SettingsError: a setting that does not go with such data.

    Example:
        >>> import serendip
        >>> rows = [(u, (u + 2 * k) % 40, 86_400 * (u % 7 + 3 * k)) for u in range(60) for k in range(15)]
        >>> clicks = {name: [row[at] for row in rows] for at, name in enumerate(("user", "item", "timestamp"))}
        >>> serendip.calibrate(clicks, time_unit="seconds", force=True, quiet=True).n_items
        40
    """
    from serendip.simulator.reading import Wanted

    page = None if report is None else file_to_write(report)
    wanted = Wanted({**(columns or {}), **roles}, min_rating, positive, time_unit)
    how: dict[str, Any] = {"n_users": n_users, "force": force, "titles": None if items is None else Path(items)}
    with tempfile.TemporaryDirectory(prefix="serendip-") as made, as_path(data) as path:
        folder = Path(made) / "world" if out is None else Path(out)
        found = _fit(path, folder, wanted, seed, how, quiet)
        if page is not None:
            _write_page(found, path, page)
        if out is not None and not path.is_dir():
            _draw(found, folder)
        return FittedWorld.of(folder, seed, found)


def _fit(path: Path, folder: Path, wanted: Any, seed: int, how: dict[str, Any], quiet: bool) -> Any:
    """Write the world to `folder`, and return how it fits."""
    from serendip.experiments.running.counting import counted
    from serendip.simulator.calibration import calibrate as fit
    from serendip.simulator.calibration import calibrate_log

    with counted("reading", quiet) as at:
        if not path.is_dir():
            return fit(path, folder, wanted, seed, **how, at=at)
        unfit = [name for name, value in vars(wanted).items() if value] if hasattr(wanted, "__dict__") else []
        unfit += ["items"] if how["titles"] else []
        if unfit:
            raise SettingsError(f"{path}: a log needs no {', '.join(unfit)}; these are for interactions in a file")
        return calibrate_log(path, folder, seed=seed, n_users=how["n_users"], force=how["force"])


def _write_page(found: Any, path: Path, page: Path) -> None:
    from serendip.experiments.report.evaluation import made_by
    from serendip.experiments.report.fit import fit_page, log_fit_page
    from serendip.experiments.report.page import write_page

    told = log_fit_page(found, path.name, made_by(path)) if path.is_dir() else fit_page(found, made_by(path))
    write_page(told, page)


def _draw(found: Any, folder: Path) -> None:
    from serendip.experiments.figures import calibration as figure
    from serendip.experiments.figures.style import save

    save(figure.draw(found), folder / "fit.png")
