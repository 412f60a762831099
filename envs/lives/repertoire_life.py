"""One life in the default dynamics, an order of magnitude faster than a batch of one.

The arithmetic is that of `World`, `Repertoire` and `MultinomialLogit`, in the same order and the same float32, on the
numbers of a single user: most of the cost of a batch of one is the overhead of array calls.  A test holds the two
together bit by bit, in every preset; what this file does not know must be at its default, or `can_live` says no.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from serendip.envs.lives.luck import DAYS, Luck
from serendip.simulator.choice.multinomial_logit import MultinomialLogit
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.interface import Bools, Ints, Singles
from serendip.simulator.randomness import poisson_table
from serendip.simulator.site import HALF_GAP, HALF_TENURE, HALF_VISIT, fade_table, n_features
from serendip.simulator.world import World

KNOWN = {
    "WorldSettings": "name summary slate_size mean_slates catalogue population choice dynamics known_from fitted",
    "CatalogueSettings": "n_items n_topics quality_spread",
    "PopulationSettings": "n_users rate_shape rate_scale_days n_personas liked_topics liked_mean other_mean"
    " taste_spread known_topics organic_clicks inflow_per_day inflow_days cohorts",
    "MultinomialLogit": "outside examination",
    "Repertoire": "discovery_effect breadth_scale satisfaction_effect activity_days repertoire_days learning"
    " satiation_effect satiation_days satiation_step satisfaction_step disappointment leaving loyalty unfamiliarity"
    " max_rate",
}
"""The settings that are understood here; any other must be at its default."""


def can_live(world: World) -> bool:
    """Return whether everything that `world` does is understood here."""
    settings = world.settings
    parts = (settings, settings.catalogue, settings.population, world.dynamics, world.choice)
    on_numpy = isinstance(world.user_ids, np.ndarray)
    return on_numpy and all(type(part).__name__ in KNOWN and _is_understood(part) for part in parts)


def _is_understood(part: Any) -> bool:
    known = KNOWN[type(part).__name__].split()
    for field in fields(part):
        default = field.default if field.default is not MISSING else None
        if field.name not in known and getattr(part, field.name) != default:
            return False
    return True


class RepertoireLife:
    """The life of one user; see the protocol `Life`."""

    def __init__(self, world: World, max_days: int) -> None:
        """Make room for one life at a time."""
        if not (isinstance(world.dynamics, Repertoire) and isinstance(world.choice, MultinomialLogit)):
            raise TypeError("a RepertoireLife needs the repertoire dynamics and multinomial-logit choice")
        self._world = world
        self._dynamics = world.dynamics
        self._choice = world.choice
        self._max_days = max_days
        n_topics = world.catalogue.n_topics
        self._n_topics = n_topics
        self._topic, self._quality = world.catalogue.topic, world.catalogue.quality
        self._factors = world.catalogue.factors
        self._outside, self._unfamiliarity = math.exp(world.choice.outside), world.dynamics.unfamiliarity
        self._n_slots = -1
        self._step, self._once = np.float32(world.dynamics.satiation_step), np.float32(1.0)
        self._ones = np.ones(n_features(n_topics), np.float32)
        days = self._dynamics.repertoire_days, self._dynamics.satiation_days
        self._fading = np.repeat([math.exp(-1.0 / d) for d in days], n_topics).astype(np.float32)
        self._disappointment = -self._dynamics.disappointment
        self._more_slates = poisson_table(world.settings.mean_slates - 1.0).tolist()
        self._fade = fade_table(max_days)
        self.user = self.luck = self.day = self.visit = self.n_clicks = 0
        self.gone = self.late = True

    def begin(self, user: int, luck: int) -> bool:
        """Begin the life of `user` under `luck`; return whether they come at all."""
        people, dynamics = self._world.people, self._dynamics
        factor = {name: values[user] for name, values in people.factor_of.items()}
        self._taste = people.taste[user]
        self._fades = np.zeros(2 * self._n_topics, np.float32)  # repertoire and satiation, to fade in one go
        self._seen = np.zeros(n_features(self._n_topics), np.float32)  # clicks, exposures, gap, tenure, visit
        self._look_in()
        self._repertoire[:] = people.known[user]
        self._log_rate = self._base_log_rate = np.log(people.base_rate[user])
        self._rate = self._rate_now()
        self._mood = np.float32(0.0)
        self._discovery_effect = dynamics.discovery_effect * factor["discovery_effect"]
        self._satisfaction_effect = dynamics.satisfaction_effect * factor["satisfaction_effect"]
        self._mood_step = dynamics.satisfaction_step * factor["satisfaction_step"]
        self._learning = dynamics.learning * factor["learning"]
        self._first = -1
        self.user, self.luck, self.day = user, luck, int(people.first_day[user])
        self._luck = Luck(self._world.keys, luck, self.day)
        self.gone = self.late = False
        self._end = self.day + self._max_days
        self._wait()
        return not self.gone and not self.late

    def _look_in(self) -> None:
        """Make the views into what fades and what was seen."""
        self._repertoire, self._satiation = self._fades[: self._n_topics], self._fades[self._n_topics :]
        self._exposures = self._seen[self._n_topics : 2 * self._n_topics]

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy needs: all but the views, which would become arrays of their own."""
        views = ("_repertoire", "_satiation", "_exposures")
        return {name: value for name, value in self.__dict__.items() if name not in views}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_fades" in state:
            self._look_in()

    def show(self, items: Ints) -> Bools:
        """Show a slate (L,) and live on to the next; return clicks (L,)."""
        topics = self._topic[items]
        match = self._match(items, topics)
        slot = self._click(match, topics)
        np.add.at(self._satiation, topics, self._step)  # a topic that stands twice counts twice
        np.add.at(self._exposures, topics, self._once)
        clicked = self._nothing.copy()
        if slot < 0:
            gain, self.n_clicks = self._disappointment, 0
        else:
            clicked[slot], self.n_clicks = True, 1
            gain = self._learn(match[slot], topics[slot])
        self._mood += self._mood_step * (gain - self._mood)
        self.visit += 1
        if self.visit >= self._n_slates:
            self._sleep()
            self._wait()
        else:
            self._seen[-1] = self.visit / HALF_VISIT
        return clicked

    def features(self) -> Singles:
        """Return (2K + 3,) what a site sees of the user."""
        whole = self._seen + self._ones
        return np.divide(self._seen, whole, whole)

    def truth(self) -> dict[str, Any]:
        """Return a copy of the hidden state."""
        return {
            "alive": np.bool_(not self.gone),
            "log_rate": self._log_rate,
            "base_log_rate": self._base_log_rate,
            "satisfaction": self._mood,
            "repertoire": self._repertoire.copy(),
            "satiation": self._satiation.copy(),
        }

    def _match(self, items: Ints, topics: Ints) -> Singles:
        """Return (L,) theta_u . v_i + q_i."""
        if self._factors is None:
            return self._taste[topics] + self._quality[items]
        return (self._taste * self._factors[items]).sum(axis=1) + self._quality[items]

    def _click(self, match: Singles, topics: Ints) -> int:
        """Return the slot that is clicked, or -1."""
        n_slots = len(match)
        if n_slots != self._n_slots:
            self._set_slots(n_slots)
        utility = self._satiation[topics]
        utility *= self._fill
        if self._unfamiliarity != 0.0:
            utility -= self._unfamiliarity * (1.0 - self._repertoire[topics])
        utility += match
        np.exp(utility, utility)
        utility *= self._gamma
        upper = np.add.accumulate(utility)
        point = np.float32(self._luck.click(self.day, self.visit)) * (upper[-1] + self._outside)
        slot = bisect_right(upper.tolist(), float(point))
        return slot if slot < n_slots else -1

    def _set_slots(self, n_slots: int) -> None:
        """Make what depends on the length of a slate."""
        self._n_slots = n_slots
        self._gamma = np.array([self._choice.examination**slot for slot in range(n_slots)], np.float32)
        self._fill = np.full(n_slots, -self._dynamics.satiation_effect, np.float32)
        self._nothing = np.zeros(n_slots, bool)

    def _learn(self, match: Any, topic: int) -> Any:
        """Let a click on an item of that lasting worth be learnt from; return what it gives."""
        gain = np.tanh(0.5 * match)
        known = self._repertoire[topic]
        if gain > 0.0:
            self._repertoire[topic] = known + self._learning * (1.0 - known) * gain
        self._seen[topic] += 1.0
        return gain

    def _wait(self) -> None:
        """Live on, day by day, until the user is there, has left for good or has no day left."""
        while not self.gone and not self.late:
            at = self.day - self._luck.first
            if at >= DAYS:
                self._luck, at = Luck(self._world.keys, self.luck, self.day), 0
            luck, rate = self._luck.comes[at], self._rate
            if luck < 1.001 * rate and luck < float(-np.expm1(-rate)):  # 1 - e^-x is at most x
                self._n_slates = bisect_right(self._more_slates, self._luck.slates[at]) + 1
                break
            self._sleep()
        self.visit = 0
        self._meet()

    def _meet(self) -> None:
        """Let the site's memory fade over the days since the last visit."""
        seen = self._seen
        if self._first < 0:
            self._first = self._last = self.day
        gap = self.day - self._last
        self._last = self.day
        seen *= self._fade[gap]
        seen[-3:] = gap / HALF_GAP, (self.day - self._first) / HALF_TENURE, 0.0

    def _sleep(self) -> None:
        """Let a night pass."""
        dynamics = self._dynamics
        luck = self._luck.leaves[self.day - self._luck.first]
        if luck < 1.001 * dynamics.leaving:  # e^-x is at most 1
            self.gone = luck < float(dynamics.leaving * np.exp(-dynamics.loyalty * self._rate))
        self._fades *= self._fading
        breadth = np.add.reduce(self._repertoire)
        discovery = 1.0 - np.exp(-breadth / dynamics.breadth_scale)
        target = self._base_log_rate + self._discovery_effect * discovery + self._satisfaction_effect * self._mood
        self._log_rate += (target - self._log_rate) / dynamics.activity_days
        self._rate = self._rate_now()
        self.day += 1
        self.late = self.day >= self._end

    def _rate_now(self) -> Any:
        rate = np.exp(self._log_rate)
        return rate if rate <= self._dynamics.max_rate else np.float32(self._dynamics.max_rate)
