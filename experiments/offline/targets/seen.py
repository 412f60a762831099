"""What an agent is asked at each step of a log, what a reward model says of its answer, and the slots seen that way."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from serendip.agents.agent import Agent
from serendip.agents.propensity import SlateMixture
from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reading.source import Step
from serendip.experiments.offline.reward_models.states import StateModel
from serendip.experiments.offline.reward_models.users import UserRates
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.simulator.interface import Floats, Ints, SmallInts


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a reward model says, in the form that an agent's choices are weighed with.

    Attributes:
        rewards: (2, L, M) predicted reward of each item at each position, for the users of each fold; or None.
        never_shown: (L, M) 1 where the log never shows the item at the position, else 0.
        seed: number that the folds follow from, and the draws where the log names no key.
        mrdr: (2, L, M) predicted rewards by the model that MRDR fits, or None.
        knows_users: whether predictions are multiplied by how each user has rewarded so far.
        states: what they are multiplied by for each user and topic, or None.
    """

    rewards: Floats | None
    never_shown: Floats
    seed: int
    mrdr: Floats | None = None
    knows_users: bool = False
    states: StateModel | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Slots as the target sees them.

    Attributes:
        slots: what the estimators take.
        unseen: (n,) the target's probability of items that the log never shows at that position; NaN where unknown.
        item: (n,) what was shown.
        position: (n,) where.
    """

    slots: Slots
    unseen: Floats
    item: Ints
    position: Ints


@dataclass(frozen=True)
class Question:
    """What agents are asked at each step: what they would have shown, and what a model says of that."""

    key: int
    slate_size: int
    topic: SmallInts
    predictions: Predictions | None
    logging: LoggingPolicy | None
    rates: UserRates = field(default_factory=UserRates)
    states: StateModel | None = field(init=False)

    def __post_init__(self) -> None:
        known = None if self.predictions is None else self.predictions.states
        object.__setattr__(self, "states", None if known is None else known.anew())

    def remember(self, step: Step) -> None:
        """Take in what was shown before the log began."""
        if self.states is not None:
            self.states.states.update(step, np.zeros(step.items.shape))

    def seen(self, agent: Agent, step: Step) -> Seen:
        """Return the slots of a step as the agent sees them."""
        mixture = agent.mixture(step.visits, self.key)
        target = _at(mixture.at_position(_whole(step, self.slate_size)), step)
        predicted = expected = unseen = np.full(target.shape, np.nan)
        further: dict[str, Floats] = {"day": np.full(target.size, float(step.visits.day))}
        if self.predictions is not None:
            if self.predictions.rewards is not None:
                predicted, expected = _predicted(mixture, step, self.predictions, self.predictions.rewards)
                if self.predictions.knows_users:
                    users = step.visits.user_ids
                    rates, plain = self.rates.of(users)[:, None], predicted
                    predicted, expected = rates * predicted, rates * expected
                    self.rates.update(users, step.reward, plain)
                if self.states is not None:
                    predicted, expected = self._by_state(mixture, step, self.predictions.rewards, predicted)
            unseen = _at(mixture.expected(self.predictions.never_shown), step)
            if self.predictions.mrdr is not None:
                both = _predicted(mixture, step, self.predictions, self.predictions.mrdr)
                further["mrdr_predicted"], further["mrdr_expected"] = (values.ravel() for values in both)
        if step.slate_propensity is not None:
            further["slate_weight"] = np.repeat(mixture.of_slate(step.items) / step.slate_propensity, target.shape[1])
        if self.logging is not None:
            weights = self.logging.further(step, mixture, self.topic)
            further |= {name: weight.ravel() for name, weight in weights.items()}
        user = np.repeat(step.visits.user_ids, target.shape[1])
        shown = user, step.reward.ravel(), step.propensity.ravel(), target.ravel()
        position = np.broadcast_to(_positions(step), target.shape).ravel()
        slots = Slots(*shown, predicted.ravel(), expected.ravel(), further)
        return Seen(slots, unseen.ravel(), step.items.ravel(), position)

    def _by_state(self, mixture: SlateMixture, step: Step, rewards: Floats, plain: Floats) -> tuple[Floats, Floats]:
        """Return (B, L) what is predicted of what was shown, and of the target's choice, by users' states.

        Args:
            mixture: what the target would show.
            step: the visits.
            rewards: (2, L, M) what the table predicts, fold by fold.
            plain: (B, L) what it predicts of what was shown.
        """
        assert self.states is not None
        assert self.predictions is not None
        users, topic = step.visits.user_ids, self.topic.astype(np.int64)
        factors = self.states.factors(users, step.visits.day)  # (B, K)
        fold, visits = folds(self.predictions.seed, users), np.arange(len(users))
        by_fold = np.stack([_at(mixture.expected_by_group(rewards[f], factors, topic), step) for f in range(N_FOLDS)])
        self.states.states.update(step, plain)
        return plain * factors[visits[:, None], topic[step.items]], by_fold[fold, visits]


def _whole(step: Step, slate_size: int) -> Ints:
    """Return (B, slate_size) slates; the one slot that is known stands at every position, to be picked from."""
    return step.items if step.position is None else np.repeat(step.items, slate_size, axis=1)


def _at(values: Floats, step: Step) -> Floats:
    """Return (B, L) `values` of the slots that are known, from (B, slate_size) for all."""
    return values if step.position is None else np.take_along_axis(values, step.position[:, None], axis=1)


def _positions(step: Step) -> Ints:
    """Return the positions of a step's slots, (1, L) or (B, 1)."""
    return np.arange(step.items.shape[1])[None, :] if step.position is None else step.position[:, None]


def _predicted(mixture: SlateMixture, step: Step, predictions: Predictions, rewards: Floats) -> tuple[Floats, Floats]:
    """Return (B, L) predicted rewards of what was shown, and of the target's choice on average."""
    fold = folds(predictions.seed, step.visits.user_ids)
    predicted = rewards[fold[:, None], _positions(step), step.items]
    by_fold = np.stack([_at(mixture.expected(rewards[f]), step) for f in range(N_FOLDS)])
    return predicted, by_fold[fold, np.arange(len(fold))]
