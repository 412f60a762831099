"""One life of one arm under one seed: what is measured, as a row."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.online.life import Schedule, live
from serendip.experiments.running.pieces import Piece
from serendip.experiments.running.pool import Tell
from serendip.experiments.running.worlds import make_world, world_checksum
from serendip.experiments.uncertainty.declaration import Arm, Declaration, name_of
from serendip.experiments.uncertainty.informed import is_known, player
from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.fitted import Fitted
from serendip.simulator.interface import Feedback, Floats, Ints, Slates, Visits
from serendip.simulator.oracle.truth import liked_topics, look
from serendip.simulator.settings import read_world
from serendip.simulator.settings_json import read_json, write_json
from serendip.simulator.world import World

LOW = 0  # the third of the users with the lowest base rates
HORIZONS = (7, 14, 28, 56, 112)  # days of a test; a shorter life ends them
_DIGITS = 12  # of a checksum, in a table
FOUND = 10  # clicks from which an item counts as one that the site can discover


@dataclass(frozen=True, slots=True)
class Row:
    """What one life came to.

    Attributes:
        world: name of the world.
        arm: name of the arm.
        value: what the tuned setting was; None where nothing is tuned.
        phase: `tune` or `fresh`.
        seed: number of the world.
        users: how many there are on the first day.
        days: length of the life.
        low: low-activity users a day in the closing window.
        all: all users a day there.
        quarters: low-activity users a day in each quarter of the run.
        early_clicks: clicks a slate in the opening window.
        late_clicks: clicks a slate in the closing window.
        known: liked topics known per living low-activity user at the end.
        stayed: users a day, among `low`, who also came in the window before.
        returned: users a day, among `low`, who came earlier, but not in the window before.
        alive: share of the low-activity users who have not left.
        corpus: items that were clicked at least ten times after they were shown.
        visits: days with a visit per user, all groups, in the first days that `HORIZONS` says.
        spread: standard deviation of these over users.
        seconds: processor time.
        world_checksum: first 12 digits of the checksum of the world; empty where it is not known.
    """

    world: str
    arm: str
    value: float | None
    phase: str
    seed: int
    users: int
    days: int
    low: float
    all: float
    quarters: tuple[float, ...]
    early_clicks: float
    late_clicks: float
    known: float
    stayed: float
    returned: float
    alive: float
    corpus: float
    visits: tuple[float, ...]
    spread: tuple[float, ...]
    seconds: float
    world_checksum: str = ""

    @property
    def key(self) -> str:
        """What tells it from all other rows of a table."""
        return f"{self.world} {self.arm} {self.value} {self.phase} {self.seed}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A life that is to be lived."""

    world: str
    arm: Arm
    value: float | None
    phase: str
    seed: int

    @property
    def key(self) -> str:
        """The key of its row."""
        return f"{name_of(self.world)} {self.arm.name} {self.value} {self.phase} {self.seed}"

    def is_row(self, row: Row | None, declared: Declaration) -> bool:
        """Return whether `row` is what became of this life, as declared and in the world as it is now."""
        if row is None or (row.key, row.users, row.days) != (self.key, declared.users, declared.days):
            return False
        return row.world_checksum == _checksum(self.world)[:_DIGITS]

    def piece(self, out: Path, declared: Declaration) -> Piece:
        """Return it as a piece of work in the folder `out`, which also holds its manifest."""
        setting = "" if self.value is None else f",{self.arm.setting}={self.value:g}"
        path = out / "cells" / name_of(self.world) / f"{self.arm.name}{setting}" / f"{self.seed}.json"
        decides = {
            "agent": self.arm.text(self.value),
            "world": _checksum(self.world),
            **{name: getattr(declared, name) for name in ("users", "days", "update_every")},
        }
        label = f"{self.world}  {self.arm.text(self.value)}  seed {self.seed}"
        return Piece(path, label, declared.days, decides, partial(_make, self, declared))

    def row(self, out: Path, declared: Declaration) -> Row:
        """Return what was found, from the folder `out`."""
        values = read_json(self.piece(out, declared).path)
        about = {"phase": self.phase, "world_checksum": _checksum(self.world)[:_DIGITS]}
        return Row(**(values | about | {name: tuple(values[name]) for name in TUPLES}))


@cache
def _checksum(world: str) -> str:
    """Return the checksum of the world, which is worked out once: it takes as long as a short life."""
    return world_checksum(world)


def sized(name: str, users: int, seed: int) -> World:
    """Return the world called `name` with so many users on its first day, and arrivals in proportion."""
    settings, folder = read_world(name)
    people = settings.population
    inflow = people.inflow_per_day * users / people.n_users
    settings = replace(settings, population=replace(people, n_users=users, inflow_per_day=inflow))
    fitted = None if folder is None or settings.fitted is None else Fitted.load(folder / settings.fitted)
    return World(settings, seed, fitted)


@cache
def informs(world: str) -> bool:
    """Return whether greed can be informed of the numbers of `world`: not where tastes are for no topics."""
    return is_known(make_world(world, 0))


def closing(days: int) -> int:
    """Return the length of the closing window: the last quarter, 30 days at most."""
    return min(30, max(1, days // 4))


def opening(days: int) -> int:
    """Return the length of the opening window: the first quarter, 14 days at most."""
    return min(14, max(1, days // 4))


def lived(cell: Cell, users: int, days: int, update_every: int) -> Row:
    """Return what comes of a life.

    Args:
        cell: the arm, and the world.
        users: how many there are on the first day.
        days: length of the life.
        update_every: days between the agent's updates.
    """
    began = time.process_time()
    found = measures(sized(cell.world, users, cell.seed), cell.arm.text(cell.value), days, update_every)
    about = (name_of(cell.world), cell.arm.name, cell.value, cell.phase, cell.seed, users, days)
    return Row(*about, **found, seconds=round(time.process_time() - began, 2))


def measures(world: World, agent: str, days: int, update_every: int = 5) -> dict[str, Any]:
    """Return the measures of a `Row`, by name, of an agent that lives in `world`.

    Args:
        world: to live in.
        agent: as on the command line.
        days: length of the life.
        update_every: days between the agent's updates.
    """
    diary = _Diary(world, days)
    state = live(world, player(agent, world), Schedule(days, update_every), [diary])
    return diary.measures(state)


def _make(cell: Cell, declared: Declaration, at: Path, tell: Tell) -> None:
    """Write the row of `cell` to the file `at`."""
    write_json(at, asdict(lived(cell, declared.users, declared.days, declared.update_every)))
    tell(declared.days)


class _Diary:
    """Writes down who came when, and what was clicked."""

    def __init__(self, world: World, days: int) -> None:
        self._world, self._days = world, days
        self._came = np.zeros((days, world.n_users), dtype=bool)
        self._slates, self._clicks = np.zeros(days), np.zeros(days)
        self._of_items = np.zeros(world.n_items, dtype=np.int64)

    def came(self, day: int, users: Ints) -> None:
        """Write down the day's visitors."""
        self._came[day, users] = True

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Count slates and clicks.

        Args:
            visits: who came, and when.
            slates: what was shown.
            feedback: what was clicked.
            version: how often the agent had learned.
        """
        self._slates[visits.day] += len(visits)
        self._clicks[visits.day] += feedback.clicked.sum()
        np.add.at(self._of_items, slates.items[feedback.clicked], 1)

    def night(self, day: int, state: State) -> None:
        """Do nothing."""

    def measures(self, state: State) -> dict[str, Any]:
        """Return the measures of a `Row`."""
        days, low = self._days, self._world.groups == LOW
        last, first = slice(days - closing(days), None), slice(0, opening(days))
        ours = self._came[:, low]
        truth = look(self._world, state, liked_topics(self._world))
        living = truth.alive & low
        arrived = to_numpy(self._world.people.first_day) < days
        return {
            "low": float(ours[last].sum(axis=1).mean()),
            "all": float(self._came[last].sum(axis=1).mean()),
            "quarters": tuple(float(part.sum(axis=1).mean()) for part in np.array_split(ours, 4)),
            "early_clicks": self._clicks[first].sum() / max(self._slates[first].sum(), 1.0),
            "late_clicks": self._clicks[last].sum() / max(self._slates[last].sum(), 1.0),
            "known": float(truth.liked_known[living].sum() / max(living.sum(), 1)),
            **self._who(ours),
            "alive": float(living.sum() / max((low & arrived).sum(), 1)),
            "corpus": float((self._of_items >= FOUND).sum()),
            "visits": tuple(float(by.mean()) for by in self._by_horizon()),
            "spread": tuple(float(by.std()) for by in self._by_horizon()),
        }

    def _by_horizon(self) -> list[Floats]:
        """Return (n,) days with a visit of each user, in the first days of each horizon."""
        return [self._came[:horizon].sum(axis=0).astype(np.float64) for horizon in HORIZONS]

    def _who(self, came: Any) -> dict[str, float]:
        """Return how many of the closing window's users a day stayed, and how many came back, of `came` (days, n)."""
        length = closing(self._days)
        last = came[-length:].sum(axis=0)
        before: Floats = came[-2 * length : -length].sum(axis=0)
        earlier: Floats = came[: max(self._days - 2 * length, 0)].sum(axis=0)
        back = (before == 0) & (earlier > 0)
        return {
            "stayed": float(last[before > 0].sum() / length),
            "returned": float(last[back].sum() / length),
        }


TUPLES = ("quarters", "visits", "spread")
NAMES = tuple(field.name for field in fields(Row))
