"""The twin of a log: its own items and users in worlds drawn from what the log leaves possible.

A world that `calibrate` makes has items and people drawn anew.  A twin keeps those of the log: the items with their
qualities, and each user with the tastes and the base rate that what is logged of the user leaves likely.  A policy run
in it meets the users whom the log met, on the same first day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.choices import Choices, fit_choices, make_trials
from serendip.simulator.calibration.from_logs.examination import fit_examination
from serendip.simulator.calibration.from_logs.personas import Tastes, fit_tastes
from serendip.simulator.calibration.from_logs.read import (
    enough_happens,
    known_topics,
    of_users,
    read_slots,
    users_are_numbered,
)
from serendip.simulator.calibration.from_logs.reconstruct import FAMILIARITY, LIKED_UTILITY, course_of
from serendip.simulator.calibration.from_logs.showings import Showings
from serendip.simulator.calibration.from_logs.visits import GRID, LEAST, Course, base_rates, carried, fit_logs
from serendip.simulator.catalogue import Catalogue, CatalogueSettings
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.logs import Log, open_log
from serendip.simulator.population import Population, PopulationSettings
from serendip.simulator.randomness import generator
from serendip.simulator.settings import WorldSettings
from serendip.simulator.world import World

TASTERS, MOVERS, SEARCHED = 500, 1_000, 250  # users whose choices and whose visits are fitted, and where that begins
_MOVES = ("discovery_effect", "satisfaction_effect", "activity_days", "repertoire_days")
_FIRST = 2  # of the logs of moves: the rate's shape and scale stand before the effects
_AT_BORDER, _LARGE = 1.5, 0.5  # factor of the least that is searched; an effect worth its name
_WIDEST = 0.7  # standard deviation of the logs of moves, at most: what a log hardly says stays near its best value


@dataclass(frozen=True, slots=True)
class Twin:
    """What a log says of its world.

    Attributes:
        settings: settings of the world, except for what is drawn.
        topic: (M,) topic of each item.
        released: (M,) first day of each item.
        tastes: tastes of the log's users, and qualities of its items.
        logs: (8,) logs of how activity moves.
        covariance: (8, 8) of these.
        course: what happened to the users.
        n_days: days of the log.
    """

    settings: WorldSettings
    topic: Ints
    released: Ints
    tastes: Tastes
    logs: Floats
    covariance: Floats
    course: Course
    n_days: int

    def world(self, draw: int) -> World:
        """Return a world drawn from what the log leaves possible; draw 0 has the moves that fit best."""
        rng = generator(draw, "twin")
        logs = self.logs if draw == 0 else self._moved(rng)
        moves = np.exp(logs)
        dynamics: dict[str, Any] = dict(self.settings.dynamics)
        dynamics |= {name: float(value) for name, value in zip(_MOVES, moves[_FIRST:], strict=False)}
        dynamics |= {"leaving": float(min(moves[6], 1.0)), "loyalty": float(moves[7])}
        world = World(replace(self.settings, dynamics=dynamics), draw)
        world.people = self._people(logs, rng)
        quality = self.tastes.quality + self.tastes.error * rng.standard_normal(len(self.topic))
        n_topics = self.tastes.n_topics
        released = self.released.astype(np.int32)
        catalogue = Catalogue(self.topic.astype(np.int32), quality.astype(np.float32), released, None, n_topics)
        world.catalogue, world.items, world.groups = catalogue, catalogue.items(), world.people.activity_group()
        return world

    def moves(self) -> dict[str, float]:
        """Return how activity moves in the world that fits best, by name."""
        return {name: float(np.exp(log)) for name, log in zip(_MOVES, self.logs[_FIRST:], strict=False)}

    def carries(self) -> float:
        """Return by how many standard errors visits bring visits beyond what the fitted moves say."""
        return carried(self.logs, self.course)

    def lopsided(self) -> bool:
        """Return whether breadth moves users and satisfaction does not at all: breadth then stands in for the rest."""
        effects, least = np.exp(self.logs[_FIRST : _FIRST + 2]), LEAST[_FIRST : _FIRST + 2]
        return bool(effects[1] <= _AT_BORDER * least[1] and effects[0] > _LARGE)

    def _moved(self, rng: np.random.Generator) -> Floats:
        values, vectors = np.linalg.eigh(self.covariance)
        spread = np.minimum(np.sqrt(np.maximum(values, 0.0)), _WIDEST)
        return self.logs + vectors @ (spread * rng.standard_normal(len(values)))

    def _people(self, logs: Floats, rng: np.random.Generator) -> Population:
        """Return the log's users, with tastes and base rates that may be theirs."""
        n = self.tastes.n_users
        upper = np.cumsum(base_rates(logs, self.course), axis=1)
        node = np.minimum((upper < rng.random((n, 1)) * upper[:, -1:]).sum(axis=1), len(GRID) - 1)
        rate = np.exp(GRID[node] + (GRID[1] - GRID[0]) * (rng.random(n) - 0.5))
        taste = self.tastes.draw(rng) - self.tastes.means[1] + LIKED_UTILITY
        names = ("discovery_effect", "satisfaction_effect", "satisfaction_step", "learning")
        return Population(
            taste=taste.astype(np.float32),
            base_rate=rate.astype(np.float32),
            known=self.course.known.astype(np.float32),
            first_day=self.course.first.astype(np.int32),
            cohort=np.zeros(n, dtype=np.int32),
            cohorts=("everyone",),
            factor_of={name: np.ones(n, dtype=np.float32) for name in names},
            known_from=self.settings.known_from,
            days_before=np.zeros(n, dtype=np.float32),
        )


def fit_twin(path: Path, *, seed: int = 0) -> Twin:
    """Return the twin of the log in the folder `path`.

    Args:
        path: a log's folder.
        seed: of the users on whom choices and moves are fitted.

    Raises:
        DataError: not a log, or one in which too little happens to fit a world to it.
    """
    log = open_log(path)
    slots, appeal = read_slots(log)
    users_are_numbered(log)
    first = log.users()["first_day"].to_numpy().astype(np.int64)
    enough_happens(slots, path)
    examination = fit_examination(slots, appeal)
    order = generator(seed, "tasters").permutation(np.unique(slots["user"]))
    some = of_users(slots, order[:TASTERS], len(first))
    choices = fit_choices(make_trials(some, examination, appeal))
    topic = log.items().topic.astype(np.int64)
    known = known_topics(log, np.arange(len(first)), len(first))
    showings = Showings.of(slots, examination, choices, known)
    tastes = fit_tastes(showings, topic, choices, known, generator(seed, "personas"))
    given = Repertoire()
    clicked = np.flatnonzero(slots["clicked"] > 0.0)
    worth = _worth(slots, clicked, tastes)
    start: Floats = (FAMILIARITY * (known > 0.0)).astype(np.float64)
    course = course_of(slots, clicked, worth, first, start, log.meta.n_days, given)
    logs, covariance = fit_logs(_of(course, MOVERS, seed), SEARCHED)
    settings = _settings(log, slots, choices, examination, tastes, given)
    released = np.asarray(log.items().released, dtype=np.int64)
    return Twin(settings, topic, released, tastes, logs, covariance, course, log.meta.n_days)


def _of(course: Course, n_users: int, seed: int) -> Course:
    """Return the course of the first `n_users` users: whose rows they are hangs on nothing."""
    return course if len(course.came) <= n_users else course.of_first(n_users)


def _worth(slots: dict[str, Any], clicked: Ints, tastes: Tastes) -> tuple[Floats, Floats]:
    """Return the expected g and max(g, 0) of each click, over what is known of the user's taste."""
    weight = tastes.posterior()
    at = np.searchsorted(tastes.cell, slots["user"][clicked] * tastes.n_topics + slots["topic"][clicked])
    utility = tastes.grid - tastes.means[1] + LIKED_UTILITY
    gain = np.tanh(0.5 * (utility + tastes.quality[slots["item"][clicked]][:, None]))
    return (weight[at] * gain).sum(axis=1), (weight[at] * np.maximum(gain, 0.0)).sum(axis=1)


def _settings(
    log: Log, slots: dict[str, Any], choices: Choices, examination: float, tastes: Tastes, given: Repertoire
) -> WorldSettings:
    """Return the settings of the world, moves aside."""
    items = log.items()
    top = slots["position"] == 0
    visits = len(np.unique(slots["user"][top] * (log.meta.n_days + 1) + slots["day"][top]))
    dynamics: dict[str, Any] = {"kind": "repertoire", "satiation_days": choices.satiation_days}
    dynamics["satiation_effect"] = choices.satiation / given.satiation_step
    return WorldSettings(
        name="twin",
        slate_size=log.meta.slate_size,
        mean_slates=float(np.clip(top.sum() / max(visits, 1), 1.0, 50.0)),
        catalogue=CatalogueSettings(items.n_items, tastes.n_topics),
        population=PopulationSettings(n_users=tastes.n_users),
        choice={
            "kind": "multinomial-logit",
            "outside": LIKED_UTILITY - tastes.means[1],
            "examination": min(examination, 1.0),
        },
        dynamics=dynamics,
    )
