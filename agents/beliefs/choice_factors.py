"""The choice model without topics: users are vectors over factors, which are learned from who clicks what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.choice.clusters import cluster_items
from serendip.agents.beliefs.choice.items import Shelf, Told
from serendip.agents.beliefs.choice.tastes import Reading, fading_by_day
from serendip.agents.beliefs.vectors.crowd import Crowd, Priors, learn_crowd
from serendip.agents.beliefs.vectors.loadings import Loadings
from serendip.agents.beliefs.vectors.posterior import VectorPosterior
from serendip.agents.beliefs.vectors.users import Vectors, read_anew, vector_scene
from serendip.agents.cards import CHOICE_MODEL, BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Items
from serendip.simulator.ranges import Range, check_ranges

_NEWTON, _FIRST_NEWTON = 2, 4
_EM_STEPS = 8
_FIRST_UPDATES = 10


@dataclass(frozen=True, slots=True)
class ChoiceFactorsSettings:
    """Settings of vectors over factors.

    Attributes:
        factors: most factors d; one more holds what nothing is known of.
        personas: Gaussians of the mixture that users' vectors come from.
        quality_spread: standard deviation of items' qualities before anything was seen, in units of utility.
        fading_days: days in which satiation wears off, tau_b.
        made_up_users: users added to each persona who are as all users are.
        growth: factor by which the log grows until all of it is read anew; in between only what is new is.
        rounds: how often the log is read when all of it is, each time with what the time before taught.
        restarts: searches for personas from elsewhere whenever all is read anew; one less every four updates.
    """

    factors: Annotated[int, Range(least=1)] = 64
    personas: Annotated[int, Range(least=1)] = 20
    quality_spread: Annotated[float, Range(above=0)] = 0.7
    fading_days: Annotated[float, Range(above=0)] = 5.0
    made_up_users: Annotated[float, Range(above=0)] = 2.0
    growth: Annotated[float, Range(above=1)] = 1.4
    rounds: Annotated[int, Range(least=1)] = 2
    restarts: Annotated[int, Range(least=0)] = 3

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'choice-factors'")


class ChoiceFactors:
    """A user is a Gaussian vector, an item a mix of a few of its factors, and slates tell by the choice model.

    P(click l) = gamma_l e^(x_l) / (e^x0 + sum_m gamma_m e^(x_m)),  x_l = v_l theta_u + q_l - eta b_ul, with
    theta_u ~ sum_c w_c N(mu_c, S), v_l on the simplex, and b_ul the exposures so far, each by how alike it was to l.
    Each slate moves the posterior by a Laplace step (the mode of the slate's utilities, then rank-L updates of mean and
    covariance), in all personas at once.  Whenever the log has grown enough all of it is read anew: every user's mode
    by Newton's method, the mixture by EM, and v by Frank-Wolfe steps up the same likelihood.

    Attributes:
        crowd: what users are like.
        shelf: what items are like, positions and satiation.
        loadings: what items are about.
        vectors: what is believed of every user of the history, in its order.
    """

    def __init__(self, settings: ChoiceFactorsSettings, n_items: int, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.n_factors = settings.factors + 1
        self.fading = fading_by_day(settings.fading_days)
        self.crowd = Crowd.first(settings.personas, self.n_factors)
        self.shelf = Shelf.first(n_items, settings.quality_spread)
        self.loadings = Loadings.single(np.full(n_items, settings.factors))
        self.vectors = Vectors.unknown(self.crowd, 0)
        self.others = Vectors.unknown(self.crowd, 1)
        self._told = Told.nothing(n_items, 0)
        self._reading = Reading()
        self._n_fitted = self.n_updates = 0

    def forget(self) -> None:
        """Forget who the users are; what was learned of all together stays."""
        self.vectors = Vectors.unknown(self.crowd, 0)
        self._told = Told.nothing(len(self.shelf.quality), len(self.shelf.examination))
        self._reading = Reading()

    def read(self, history: History) -> None:
        """Take in what was shown since the last time."""
        if self._reading.leaves(history):
            self.forget()
        new = self._reading.news(history)
        self.shelf = self.shelf.with_positions(int(new.position.max(initial=-1)) + 1)
        self._told = self._told.with_positions(len(self.shelf.examination))
        self.vectors = self.vectors.with_users(history.n_users, self.crowd)
        self.vectors.take_in(new, vector_scene(self.loadings, self.shelf, self.fading), self._told)

    def update(self, history: History, items: Items) -> None:
        """Learn items, positions and the mixture from all that was shown."""
        self.read(history)
        if self._reading.n >= self.settings.growth * self._n_fitted:
            self._learn_all(history)
        else:
            self.shelf = self.shelf.after(self._told)
        self._told = Told.nothing(len(self.shelf.quality), len(self.shelf.examination))
        self.others = self.vectors.copy() if len(self.vectors) else self.others
        self.n_updates += 1

    def posterior(self, situation: Situation) -> VectorPosterior:
        """Return what is believed of the users of B visits."""
        self.read(situation.history)
        rows = situation.history.rows_of(situation.visits.user_ids)
        self.vectors = self.vectors.with_users(int(rows.max(initial=-1)) + 1, self.crowd)
        fill = self.vectors.fill_on(rows, situation.visits.day, self.fading)
        groups = np.arange(len(self.shelf.quality))
        return VectorPosterior(self.vectors, self.shelf, self.loadings, groups, rows, fill, self.others)

    def arrays(self) -> Arrays:
        """Return what was learned, and what is believed of every user."""
        counts = np.asarray([self._reading.n, self._n_fitted, self.n_updates])
        told = {"items": self._told.items, "positions": self._told.positions, "effect": self._told.effect}
        parts = {
            "crowd": self.crowd.arrays(),
            "shelf": self.shelf.arrays(),
            "loadings": self.loadings.arrays(),
            "vectors": self.vectors.arrays(),
            "others": self.others.arrays(),
            "told": told,
        }
        named = {name: array for part, held in parts.items() for name, array in with_prefix(part, held).items()}
        return named | {"counts": counts}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.crowd = Crowd(**without_prefix("crowd", arrays))
        self.shelf = Shelf(**without_prefix("shelf", arrays))
        self.loadings = Loadings(**without_prefix("loadings", arrays))
        self.vectors = Vectors(**without_prefix("vectors", arrays)).copy()
        self.others = Vectors(**without_prefix("others", arrays))
        self._told = Told(**{name: array.copy() for name, array in without_prefix("told", arrays).items()})
        n_read, self._n_fitted, self.n_updates = arrays["counts"].tolist()
        self._reading = Reading(n_read)

    def _group(self, history: History) -> None:
        """Let items begin with groups of those that the same users clicked, as soon as anybody clicked two."""
        if (self.loadings.index[:, 0] < self.settings.factors).any():
            return
        rng = randomness.generator(self.seed, "groups", self.n_updates)
        groups = cluster_items(history.interactions().clicks, self.settings.factors, rng)
        self.loadings = Loadings.single(groups)

    def _learn_all(self, history: History) -> None:
        """Read all that is remembered anew, some times, each time with what the time before taught."""
        self._group(history)
        steps = _FIRST_NEWTON if self.n_updates < _FIRST_UPDATES else _NEWTON
        for number in range(self.settings.rounds):
            told, toward, bend = self._read_anew(history, steps)
            self.shelf = self.shelf.fitted(told, self.settings.quality_spread)
            if self.n_updates:
                self.loadings = self.loadings.moved(toward, bend)
            self.learn_prior(history, randomness.derive(self.seed, "personas", self.n_updates, number))
        self._read_anew(history, 1)
        self._n_fitted = self._reading.n

    def _read_anew(self, history: History, steps: int) -> tuple[Told, Floats, Floats]:
        """Find all users anew; return what the slates tell of items, and of what they are about."""
        scene = vector_scene(self.loadings, self.shelf, self.fading)
        priors, centre = self.priors(history), self.vectors.centre
        everything, _ = history.events.of(np.arange(history.n_users))
        found = read_anew(everything, self.crowd, priors, scene, centre, steps)
        self.vectors = found[0]
        return found[1:]

    def priors(self, history: History) -> Priors:
        """Return what is believed of the users of the history before their slates: the same of all."""
        return self.crowd.priors()

    def learn_prior(self, history: History, key: int) -> None:
        """Learn what users are like from what is believed of each."""
        restarts = max(self.settings.restarts - self.n_updates // 4, 0)
        v, pull = self.vectors, self.settings.made_up_users
        self.crowd = learn_crowd(
            self.crowd, v.mean, v.covariance, v.seen, key, restarts=restarts, steps=_EM_STEPS, pull=pull
        )


def made(making: Making) -> ChoiceFactors:
    """Return a belief that has learned nothing yet."""
    return ChoiceFactors(making.settings, making.items.n_items, making.seed)


CARD = BeliefCard(
    name="choice-factors",
    summary="The choice model where no topics are known: users are vectors, items are mixes of factors.",
    make=made,
    settings=ChoiceFactorsSettings(),
    gives=(CHOICE_MODEL,),
    small={"personas": 3, "restarts": 1, "factors": 5},
)
