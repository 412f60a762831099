"""One log of a simulated world, what is said from it of other policies' users, and what these policies really do."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.offline.long_term.days import counted
from serendip.experiments.offline.long_term.fitted_q import fitted_q
from serendip.experiments.offline.long_term.recording import user_days
from serendip.experiments.offline.long_term.saying import Asked, Said, said_of
from serendip.experiments.offline.long_term.twin import Runs
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.targets.choosing import choose_target
from serendip.experiments.offline.targets.target import AgentTarget
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.on_policy import on_policy_activity
from serendip.experiments.online.twin import TwinRunner
from serendip.experiments.online.unit import Unit
from serendip.simulator.errors import DataError
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

LEARNED = ("default", "null", "hawkes", "clickbait")  # on logs of which, by even seeds, the borders were learned
SHOWN = ("frozen", "boredom", "attrition")  # worlds that took no part in it
LOGGERS = ("ease-epsilon", "uniform")
TARGETS = ("uniform", "popularity", "ease-greedy", "ease-epsilon", "ease-novelty", "ease-squarecb")
HORIZONS = ((45, 20), (90, 30))  # days, and how many of the last ones count
_REPLICATES, _EVERY = 60, 5


@dataclass(frozen=True, slots=True)
class Place:
    """A log to be made.

    Attributes:
        world: name of the preset world.
        logger: who writes the log.
        seed: number under which the world is drawn.
        n_users: users of the world.
        horizons: days that are looked ahead, and how many of the last ones count; of one run.
        targets: who is valued.
    """

    world: str
    logger: str
    seed: int
    n_users: int = 1000
    horizons: tuple[tuple[int, int], ...] = HORIZONS
    targets: tuple[str, ...] = TARGETS

    @property
    def name(self) -> str:
        """A name for people."""
        return f"{self.world}-{self.logger}-{self.seed:04d}"

    @property
    def half(self) -> str:
        """Whether the borders were `learned` on it, or are `shown` on it: other worlds, and every second seed."""
        return "learned" if self.world in LEARNED and self.seed % 2 == 0 else "shown"


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a target over a horizon, and what is true.

    Attributes:
        target: who.
        horizon: days.
        truth: days with a visit per user, on the days that count, when it is run in the log's world.
        logged: those of the log's users.
        said: what was found of it from the log.
    """

    target: str
    horizon: int
    truth: float
    logged: float
    said: Said

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        whole = {name: getattr(self, name) for name in ("target", "horizon", "truth", "logged")}
        return whole | {"said": self.said.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Told:
        """Return what `to_json` wrote."""
        fields: dict[str, Any] = values | {"said": Said.from_json(values["said"])}
        return cls(**fields)


def trial(place: Place) -> list[Told]:
    """Return what is said from a log of each target and horizon, and what is true."""
    days = max(horizon for horizon, _ in place.horizons)
    with tempfile.TemporaryDirectory() as folder:
        log = _written(place, Path(folder), days)
        twin = _twin(log)
        return [told for name in place.targets for told in _of_target(place, log, name, twin)]


def _written(place: Place, folder: Path, days: int) -> Path:
    settings = read_world(place.world)[0]
    population = dataclasses.replace(settings.population, n_users=place.n_users)
    World(dataclasses.replace(settings, population=population), place.seed).save(folder / "world")
    unit = Unit(folder / "run", folder / "world", place.logger, place.seed, Schedule(days, _EVERY), logged=True)
    unit.run()
    return unit.folder / "log"


def _twin(log: Path) -> TwinRunner | str:
    try:
        return TwinRunner(log)
    except DataError as error:
        return str(error)


def _of_target(place: Place, log: Path, name: str, twin: TwinRunner | str) -> list[Told]:
    """Return what is said of a target over each horizon; its users are followed, and run, once."""
    longest = max(horizon for horizon, _ in place.horizons)
    true = on_policy_activity(log, name, 0, longest)
    policy = choose_target(name, LogSource(log), None, 0)
    assert isinstance(policy, AgentTarget)
    lived = user_days(log, policy)
    runs: Runs | str = twin if isinstance(twin, str) else twin.runs(name, longest)
    moves = {} if isinstance(twin, str) else twin.moves()
    found = list[Told]()
    for horizon, last in place.horizons:
        run = fitted_q(lived, horizon, last=last, n_replicates=_REPLICATES)
        said = said_of(lived, run, runs, Asked(horizon, last, n_replicates=_REPLICATES))
        said.diagnostics.update({f"twin_{name}": value for name, value in moves.items()})
        when = counted(horizon, last)
        logged = float(lived.visited[:, when].sum(axis=1).mean())
        found.append(Told(name, horizon, float(np.sum(true[when.start : when.stop])), logged, said))
    return found
