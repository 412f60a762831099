"""Tastes for topics, learned by the choice model: what was clicked, passed over, seen too often, and where it stood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.choice.arrays import SceneArrays
from serendip.agents.beliefs.choice.fading import likeliest_fading
from serendip.agents.beliefs.choice.hypotheses import MixturePosterior
from serendip.agents.beliefs.choice.items import Shelf
from serendip.agents.beliefs.choice.population import GRID, People, learn_people, taste_moments
from serendip.agents.beliefs.choice.tastes import Reading, Tastes, fading_by_day, scene_of, slate_arrays
from serendip.agents.cards import CHOICE_MODEL, BeliefCard, Making
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges

_STEPS, _STEPS_AT_MOST_UPDATES = 20, 3  # of EM
_FIRST_UPDATES = 10


@dataclass(frozen=True, slots=True)
class ChoiceMixtureSettings:
    """Settings of a mixture of tastes.

    Attributes:
        personas: kinds of users C, each with its own chance of liking every topic; more than there are do little harm.
        quality_spread: standard deviation of items' qualities before anything was seen, in units of utility.
        fading_days: days in which satiation wears off, tau_b.
        made_up_users: users added to each persona who like each topic as all users do.
        growth: factor by which the log grows until all of it is read anew; in between only what is new is.
        rounds: how often the log is read when all of it is, each time with what the time before taught; once after the
            first updates.
        restarts: searches for personas from elsewhere whenever all is read anew; one less every four updates.
        learn_fading: whether `fading_days` is only what is taken for granted at first, and learned whenever all is read
            anew.
    """

    personas: Annotated[int, Range(least=1)] = 20
    quality_spread: Annotated[float, Range(above=0)] = 0.7
    fading_days: Annotated[float, Range(above=0)] = 5.0
    made_up_users: Annotated[float, Range(above=0)] = 0.5
    growth: Annotated[float, Range(above=1)] = 1.3
    rounds: Annotated[int, Range(least=1)] = 2
    restarts: Annotated[int, Range(least=0)] = 3
    learn_fading: bool = False

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'choice-mixture'")


class ChoiceMixture:
    """A user likes a topic or not, what is liked goes together by personas, and slates tell by the choice model.

    P(click l) = gamma_l e^(x_l) / (e^x0 + sum_m gamma_m e^(x_m)),  x_l = theta_{u,k(l)} + q_l - eta b_{u,k(l)}, with
    theta_uk ~ N(mu_z, s_z^2), z_uk ~ Bernoulli(pi_{c(u),k}) whether u likes topic k, and c(u) ~ w the persona.  Each
    slate updates the likelihood of the tastes for its topics on a grid, with all other weights at their means (assumed-
    density filtering, Opper 1998, "A Bayesian approach to on-line learning"); w, pi, mu and s are learned by EM, and
    q, eta and gamma by Newton steps that remember their precision.  What users clicked before the log began says which
    topics they like, and nothing else: how it came to be shown is not known.

    Attributes:
        people: what users are like.
        shelf: what items are like, positions and satiation.
        tastes: what is believed of the tastes of every user of the history, in its order.
    """

    def __init__(self, settings: ChoiceMixtureSettings, topics: Ints, n_topics: int, seed: int) -> None:
        """Know nothing yet.

        Args:
            settings: of the belief.
            topics: (M,) topic of each item, from 0.
            n_topics: number of topics.
            seed: of the searches for personas.
        """
        self.settings = settings
        self.seed = seed
        self.topics = topics
        self.fading = fading_by_day(settings.fading_days)
        self.people = People.first(settings.personas, n_topics)
        self.shelf = Shelf.first(len(topics), settings.quality_spread)
        self.tastes = Tastes.unknown(self.people, 0)
        self.others = Tastes.unknown(self.people, 1)  # all users at the last update, for doubts that are not one's own
        self._reading = Reading()
        self._fills = list[Singles]()  # satiation with each slot that was read since the last update
        self._n_learned = self._n_fitted = self.n_updates = 0

    def forget(self) -> None:
        """Forget who the users are; what was learned of all together stays."""
        self.tastes = Tastes.unknown(self.people, 0)
        self._fills, self._reading = [], Reading()

    def read(self, history: History) -> None:
        """Take in what was shown since the last time."""
        if self._reading.leaves(history):
            self.forget()
        new = self._reading.news(history)
        self.shelf = self.shelf.with_positions(int(new.position.max(initial=-1)) + 1)
        self.tastes = self.tastes.with_users(history.n_users, self.people)
        self._fills.append(self.tastes.take_in(new, self.scene()))

    def update(self, history: History, items: Items) -> None:
        """Learn items, positions and personas from all that was shown."""
        self.read(history)
        if self._reading.n >= self.settings.growth * self._n_fitted:
            self._learn_all(history)
        else:
            self._learn_new(history)
        self._fills, self._n_learned = [], self._reading.n
        self.others = self.tastes.copy() if len(self.tastes) else self.others
        self.n_updates += 1

    def posterior(self, situation: Situation) -> MixturePosterior:
        """Return what is believed of the users of B visits."""
        self.read(situation.history)
        rows = situation.history.rows_of(situation.visits.user_ids)
        self.tastes = self.tastes.with_users(int(rows.max(initial=-1)) + 1, self.people)
        fill = self.tastes.fill_on(rows, situation.visits.day, self.fading)
        return MixturePosterior.of(self.tastes, self.people, self.shelf, self.topics, rows, fill, self.others)

    def arrays(self) -> Arrays:
        """Return what was learned, and what is believed of every user."""
        counts = np.asarray([self._reading.n, self._n_learned, self._n_fitted, self.n_updates])
        fills = np.concatenate([np.zeros(0, np.float32), *self._fills])
        parts = {"people": self.people, "shelf": self.shelf, "tastes": self.tastes, "others": self.others}
        named = {
            name: array for part, held in parts.items() for name, array in with_prefix(part, held.arrays()).items()
        }
        learned = {"fading": self.fading} if self.settings.learn_fading else {}
        return named | {"counts": counts, "fills": fills} | learned

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.people = People(**without_prefix("people", arrays))
        self.shelf = Shelf(**without_prefix("shelf", arrays))
        self.tastes = Tastes(**without_prefix("tastes", arrays)).copy()
        self.others = Tastes(**without_prefix("others", arrays))
        n_read, self._n_learned, self._n_fitted, self.n_updates = arrays["counts"].tolist()
        self._fills, self._reading = [arrays["fills"]], Reading(n_read)
        self.fading = arrays["fading"] if self.settings.learn_fading else self.fading

    def prepare(self, history: History) -> None:
        """Get ready for reading everything anew; topics that are known need nothing."""

    def look_back(self, everything: Shown, fills: Singles) -> None:
        """Learn what else can be once everything was read; topics that are known stay what they are."""

    def scene(self) -> SceneArrays:
        """Return what is taken as known while users are learned."""
        return scene_of(self.topics, self.people, self.shelf, self.fading)

    def _learn_new(self, history: History) -> None:
        """Learn from what came since the last update."""
        new = history.events.since(self._n_learned)
        told = self.tastes.tell(new, np.concatenate(self._fills), self.people, self.scene())
        self.shelf = self.shelf.after(told)
        self._learn_people(restarts=0, steps=_STEPS_AT_MOST_UPDATES)

    def _learn_all(self, history: History) -> None:
        """Read all that is remembered anew, some times, each time with what the time before taught."""
        restarts = max(self.settings.restarts - self.n_updates // 4, 0)
        rounds = self.settings.rounds if self.n_updates < _FIRST_UPDATES else 1
        everything = history.events.all()
        self.prepare(history)
        if self.settings.learn_fading and self.n_updates:
            days, effect = likeliest_fading(slate_arrays(everything), self.scene(), self.tastes.expected(self.people))
            self.fading = fading_by_day(days)
            self.shelf = replace(self.shelf, effect=np.array([effect, self.shelf.effect[1]]))
        for _ in range(rounds):
            self.tastes = Tastes.unknown(self.people, history.n_users)
            fills = self.tastes.take_in(everything, self.scene())
            self._learn_people(restarts=restarts, steps=_STEPS)
            for _ in range(2):
                told = self.tastes.tell(everything, fills, self.people, self.scene())
                self.shelf = self.shelf.fitted(told, self.settings.quality_spread)
            self.look_back(everything, fills)
        self._n_fitted = self._reading.n

    def _learn_people(self, *, restarts: int, steps: int) -> None:
        """Learn personas, then what tastes are like, from what is believed of the users."""
        if not len(self.tastes):
            return
        key = randomness.derive(self.seed, "personas", self.n_updates)
        tastes, pull = self.tastes, self.settings.made_up_users
        people = learn_people(self.people, tastes.evidence(), key, restarts=restarts, steps=steps, pull=pull)
        tastes.judge(people)
        sums = taste_moments(tastes.likelihood, people.on_grid(), tastes.liked(people), tastes.seen, GRID)
        self.people = people.with_tastes(sums)
        tastes.judge(self.people)


def made(making: Making) -> ChoiceMixture:
    """Return a belief that has learned nothing yet."""
    topics = np.asarray(making.items.topic).astype(np.int64)
    return ChoiceMixture(making.settings, topics, making.items.n_topics, making.seed)


CARD = BeliefCard(
    name="choice-mixture",
    summary="Which topics a user likes, by personas and the site's own choice model; for sites that know topics.",
    make=made,
    settings=ChoiceMixtureSettings(),
    gives=(CHOICE_MODEL,),
    small={"personas": 3, "restarts": 1},
)
