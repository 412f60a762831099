"""An upper bound on what anybody could reach, from the luck that a world will have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.choice.position_based import PositionBased
from serendip.simulator.dynamics.learning import worth
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.dynamics.static import Static
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Floats, Ints
from serendip.simulator.world import World

BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Bound:
    """What no policy can exceed in this world under this seed.

    Attributes:
        visits: (n_days,) users who come on each day.
        clicks: (n_days,) clicks on each day.
        visits_of: (n,) days on which each user comes.
        clicks_of: (n,) clicks of each user.
    """

    visits: Ints
    clicks: Ints
    visits_of: Ints
    clicks_of: Ints


def upper_bound(world: World, n_days: int) -> Bound:
    """Return the information-relaxation bound over `n_days`: all random numbers are known, and the best always happens.

    The state is replaced by an envelope that no state can leave: every slate is the best one for an unsatiated user,
    every slate teaches the best item of each topic, every visit pleases as the best item does.  Rates rise and hazards
    fall with the state, so who comes under the world's own luck is among who comes in the envelope, and a click is
    among the slates whose uniform is below the largest probability.  Brown, Smith & Sun (2010), with no penalty.

    Raises:
        SettingsError: the world's dynamics is neither repertoire nor static, or tastes drift.
    """
    dynamics, choice = world.dynamics, world.choice
    if not isinstance(dynamics, Repertoire | Static) or isinstance(choice, PositionBased):
        raise SettingsError(
            f"world {world.settings.name!r}: an upper bound is known for the dynamics repertoire and static, with at "
            "most one click a slate"
        )
    if world.settings.population.drift > 0.0:
        raise SettingsError(f"world {world.settings.name!r}: no upper bound is known where tastes drift")
    best = _best(world)
    envelope = _Envelope(world, best)
    visits, clicks = np.zeros(n_days, np.int64), np.zeros(n_days, np.int64)
    visits_of, clicks_of = np.zeros(world.n_users, np.int64), np.zeros(world.n_users, np.int64)
    for day in range(n_days):
        users, n_slates = envelope.come(day)
        visits_of[users] += 1
        visits[day] = len(users)
        for visit in range(int(n_slates.max(initial=0))):
            here = users[n_slates > visit]
            uniform = randomness.uniform(world.keys["click"], to_numpy(world.luck)[here], day, visit, 0)
            clicked = uniform < best.click_probability[here] + 1e-6  # float32 rounds
            clicks_of[here] += clicked
            clicks[day] += int(clicked.sum())
            envelope.please(here)
        envelope.sleep(day)
    return Bound(visits, clicks, visits_of, clicks_of)


@dataclass(frozen=True, slots=True)
class _Best:
    """The best that can happen to each user.

    Attributes:
        click_probability: (n,) largest probability of a click on a slate.
        gain: (n,) largest worth of a click.
        gain_in: (n, K) that of each topic, or 0 where none is above.
    """

    click_probability: Floats
    gain: Floats
    gain_in: Floats


def _best(world: World) -> _Best:
    """Return the best of all items for every user, whatever their release day, fresh and unsatiated."""
    n, topic, n_topics = world.n_users, np.asarray(world.items.topic), world.catalogue.n_topics
    order = np.argsort(topic, kind="stable")
    starts = np.flatnonzero(np.diff(topic[order], prepend=-1))
    click_probability, gain, gain_in = np.zeros(n), np.zeros(n), np.zeros((n, n_topics))
    for start in range(0, n, max(1, BLOCK // world.n_items)):
        users = np.arange(start, min(n, start + max(1, BLOCK // world.n_items)))
        every = np.tile(np.arange(world.n_items), (len(users), 1))
        match = to_numpy(world.match(world.place(users), world.place(every)))
        length = world.settings.slate_size
        top = -np.sort(np.partition(-match, length - 1, axis=1)[:, :length], axis=1)
        click_probability[users] = to_numpy(world.choice.probabilities(world.place(top))).sum(axis=1)
        gain[users] = to_numpy(worth(world.place(top[:, 0])))
        most = np.maximum.reduceat(match[:, order], starts, axis=1)  # (B, topics that have items)
        gain_in[np.ix_(users, topic[order][starts])] = np.clip(np.tanh(0.5 * most), 0.0, None)
    return _Best(click_probability, gain, gain_in)


class _Envelope:
    """The highest state that each user can be in, day by day."""

    def __init__(self, world: World, best: _Best) -> None:
        self._world, self._best = world, best
        people = world.people
        self._luck, self._first = to_numpy(world.luck), to_numpy(people.first_day)
        self._base = to_numpy(people.base_rate).astype(np.float64)
        self._known = to_numpy(people.known).astype(np.float64)
        self._mood, self._alive = np.zeros(world.n_users), np.ones(world.n_users, dtype=bool)
        with np.errstate(divide="ignore"):
            self._log_rate = np.log(self._base)
        self._factor = {name: to_numpy(f).astype(np.float64) for name, f in people.factor_of.items()}

    def come(self, day: int) -> tuple[Ints, Ints]:
        """Return who comes on `day`, and how many slates they see."""
        world = self._world
        probability: Floats = -np.expm1(-self._rate() * world.rhythm(day)) + 1e-6
        comes: Bools = randomness.uniform(world.keys["return"], self._luck, day) < probability
        users = np.flatnonzero(comes & self._alive & (self._first <= day))
        more: Any = randomness.poisson(world.settings.mean_slates - 1.0, world.keys["slates"], self._luck[users], day)
        return users, more + 1

    def please(self, users: Ints) -> None:
        """Let the best happen to `users` in one slate."""
        dynamics = self._world.dynamics
        if not isinstance(dynamics, Repertoire):
            return
        step = np.minimum(dynamics.satisfaction_step * self._factor["satisfaction_step"][users], 1.0)
        mood = self._mood[users]
        self._mood[users] = np.maximum(mood, mood + step * (self._best.gain[users] - mood))
        learning = np.minimum(dynamics.learning * self._factor["learning"][users], 1.0)[:, None]
        self._known[users] += learning * (1.0 - self._known[users]) * self._best.gain_in[users]

    def sleep(self, day: int) -> None:
        """Let the night after `day` pass."""
        dynamics, world = self._world.dynamics, self._world
        if not isinstance(dynamics, Repertoire):
            return
        hazard = dynamics.leaving * np.exp(-dynamics.loyalty * self._rate()) - 1e-6
        if dynamics.leave_a > 0.0:  # who comes less often leaves later, so nobody is held to leave
            hazard = np.full_like(hazard, -1.0)
        leaves: Bools = randomness.uniform(world.keys["leave"], self._luck, day) < hazard
        self._alive &= ~(leaves & (self._first <= day))
        self._known *= np.exp(-1.0 / dynamics.repertoire_days)
        breadth = self._known.sum(axis=1)
        effect = dynamics.discovery_effect * self._factor["discovery_effect"]
        target = np.log(self._base) + effect * -np.expm1(-breadth / dynamics.breadth_scale)
        target += dynamics.satisfaction_effect * self._factor["satisfaction_effect"] * self._mood
        self._log_rate += (target - self._log_rate) / dynamics.activity_days

    def _rate(self) -> Floats:
        dynamics = self._world.dynamics
        rate: Floats = np.exp(self._log_rate)
        return np.minimum(rate, dynamics.max_rate) if isinstance(dynamics, Repertoire) else rate
