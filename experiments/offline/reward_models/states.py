"""A reward model that knows the state of each user: the table, times what users and topics have brought so far.

    q(u, i, k) = table(i, k) exp(b0 + b . x(u, topic of i))

with x what is known before the visit: rewards over what was expected of the user, and of the topic for her; how often
she was shown the topic, of late and ever; visits, days since the first, topics rewarded.  b is fitted to users of one
fold and used on those of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import minimize

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reading.source import Source, Step
from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.experiments.offline.reward_models.table import predicted_rewards
from serendip.simulator.interface import Floats, Ints, SmallInts

N_FEATURES = 8
_OF_USER, _OF_TOPIC = 2.0, 0.3  # expected rewards that a user without a history is worth, in all and in a topic
_FADES = 5.0  # days in which a showing fades
_PENALTY = 1e-4
_MOST = 300_000  # slots that coefficients are fitted to
_LEAST, _LARGEST = -5.0, 4.0  # of the logarithm of the factor
_REWARD, _EXPECTED, _SHOWN = range(3)


class UserStates:
    """What is known of each user at each time, from the log alone: `of` before a visit, `update` after it."""

    def __init__(self, topic: SmallInts) -> None:
        self.topic, self.n_topics = topic, int(topic.max(initial=0)) + 1
        self._ids: Ints = np.zeros(0, dtype=np.int64)
        self._topics = np.zeros((0, 3, self.n_topics), dtype=np.float32)  # rewards, expected, recent showings
        self._visits: Floats = np.zeros((0, 3))  # how many, first day, last day

    def of(self, users: Ints, day: int) -> Floats:
        """Return (B, K, F) what is known of each user and topic."""
        rows = self._rows(users)
        reward, expected, shown = (self._topics[rows, part].astype(np.float64) for part in range(3))  # (B, K)
        visits, first, last = self._visits[rows].T
        recent = shown * np.exp(-(day - last) / _FADES)[:, None]
        rate = np.log((_OF_USER + reward.sum(axis=1)) / (_OF_USER + expected.sum(axis=1)))
        breadth, tenure = np.log1p((reward > 0.0).sum(axis=1)), np.log1p(np.where(visits > 0.0, day - first, 0.0))
        of_user = (np.broadcast_to(x[:, None], recent.shape) for x in (rate, np.log1p(visits), tenure, breadth))
        of_topic = np.log((_OF_TOPIC + reward) / (_OF_TOPIC + expected)), np.log1p(recent), np.log1p(expected)
        return np.stack([*of_user, *of_topic, np.log1p(reward)], axis=2)

    def update(self, step: Step, expected: Floats) -> None:
        """Take the slates (B, L) of a visit each into account, with what the table expected of them."""
        rows, day = self._rows(step.visits.user_ids), step.visits.day
        fade = np.exp(-(day - self._visits[rows, 2]) / _FADES)
        self._topics[rows, _SHOWN] *= fade[:, None].astype(np.float32)
        at = np.repeat(rows, step.items.shape[1]), self.topic[step.items].ravel()
        for part, values in (
            (_REWARD, np.maximum(step.reward, 0.0)),
            (_EXPECTED, np.maximum(expected, 0.0)),
            (_SHOWN, 1.0),
        ):
            np.add.at(self._topics[:, part], at, np.broadcast_to(values, step.items.shape).ravel().astype(np.float32))
        self._visits[rows, 1] = np.where(self._visits[rows, 0] > 0.0, self._visits[rows, 1], day)
        self._visits[rows, 0] += 1.0
        self._visits[rows, 2] = day

    def _rows(self, users: Ints) -> Ints:
        """Return the row of each user; new ones get rows of zeros."""
        known = np.isin(users, self._ids)
        new = np.unique(users[~known])
        if len(new):
            order = np.argsort(np.concatenate([self._ids, new]), kind="stable")
            self._ids = np.concatenate([self._ids, new])[order]
            self._topics = np.concatenate([self._topics, np.zeros((len(new), *self._topics.shape[1:]), np.float32)])[
                order
            ]
            self._visits = np.concatenate([self._visits, np.zeros((len(new), 3))])[order]
        return np.searchsorted(self._ids, users)


@dataclass
class StateModel:
    """The fitted factor of each user and topic, which follows the users as the log goes on.

    Attributes:
        coefficients: (2, 1 + F) those for the users of each fold, learned from the other.
        seed: number that the folds follow from.
        states: what is known of the users.
    """

    coefficients: Floats
    seed: int
    states: UserStates = field(repr=False)

    def factors(self, users: Ints, day: int) -> Floats:
        """Return (B, K) the factor of each user and topic."""
        b = self.coefficients[folds(self.seed, users)]  # (B, 1 + F)
        return np.exp(
            np.clip(b[:, :1] + np.einsum("bkf,bf->bk", self.states.of(users, day), b[:, 1:]), _LEAST, _LARGEST)
        )

    def anew(self) -> StateModel:
        """Return the same model before anything was seen of anybody."""
        return StateModel(self.coefficients, self.seed, UserStates(self.states.topic))


@dataclass
class StateRows:
    """What a pass over a log gathers to fit the model by: `update` with each visit in the order of time, then `fit`.

    Attributes:
        states: what is known of the users.
        rewards: (2, L, M) rewards that the table predicts for the users of each fold.
        seed: number that the folds follow from.
        n_rows: slots of the log.
    """

    states: UserStates
    rewards: Floats
    seed: int
    n_rows: int
    _rows: list[tuple[Ints, Floats, Floats, Floats]] = field(default_factory=list[tuple[Ints, Floats, Floats, Floats]])

    def update(self, step: Step) -> None:
        """Take a step into account: what was known, what was expected, what came."""
        fold, position = folds(self.seed, step.visits.user_ids), _positions(step)
        expected = self.rewards[fold[:, None], position, step.items]
        every = max(-(-self.n_rows // _MOST), 1)
        some = np.flatnonzero(np.arange(len(fold)) % every == step.visits.day % every)
        known = self.states.of(step.visits.user_ids[some], step.visits.day)
        known = known[np.arange(len(some))[:, None], self.states.topic[step.items[some]]]  # (B, L, F)
        one = np.repeat(fold[some], step.items.shape[1]), known.reshape(-1, N_FEATURES)
        self._rows.append((*one, expected[some].ravel(), step.reward[some].ravel()))
        self.states.update(step, expected)

    def fit(self) -> StateModel:
        """Return the model; where there is nothing to learn from, one whose factors are 1."""
        if not self._rows:
            return StateModel(np.zeros((N_FOLDS, 1 + N_FEATURES)), self.seed, UserStates(self.states.topic))
        fold, known, expected, reward = (np.concatenate(part) for part in zip(*self._rows, strict=True))
        found = [fitted(known[fold != f], expected[fold != f], reward[fold != f]) for f in range(N_FOLDS)]
        return StateModel(np.stack(found), self.seed, UserStates(self.states.topic))


def state_model(source: Source, rewards: Floats, seed: int) -> StateModel:
    """Return the model of what users' states do to the rewards (2, L, M) that a table predicts, from one pass."""
    rows = StateRows(UserStates(source.items().topic), rewards, seed, source.n_rows)
    for step in source.before():
        rows.states.update(step, np.zeros(step.items.shape))
    for step in source.steps():
        rows.update(step)
    return rows.fit()


def fitted(known: Floats, expected: Floats, reward: Floats) -> Floats:
    """Return (1 + F,) coefficients of the logarithm of reward over what was expected, by Poisson regression.

    argmin sum_i [q_i exp(x_i b) - r_i x_i b] / n + 1e-4 |b|^2, with rewards below 0 taken as 0.  McCullagh & Nelder
    (1989), "Generalized linear models", section 6.2.

    Args:
        known: (n, F) what was known before each slot.
        expected: (n,) q, what the table expected of it.
        reward: (n,) r.
    """
    x = np.concatenate([np.ones((len(known), 1)), known], axis=1)
    q, r = np.maximum(expected, 0.0), np.maximum(reward, 0.0)
    if not len(x) or not r.any():
        return np.zeros(x.shape[1])

    def loss(b: Floats) -> tuple[float, Floats]:
        exponent = np.clip(x @ b, _LEAST, _LARGEST)
        mean = q * np.exp(exponent)
        slope = x.T @ (mean - r) / len(r) + 2.0 * _PENALTY * b
        return float((mean - r * exponent).sum() / len(r) + _PENALTY * (b @ b)), slope

    return np.asarray(minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x, dtype=np.float64)


def _positions(step: Step) -> Ints:
    return np.arange(step.items.shape[1])[None, :] if step.position is None else step.position[:, None]


CARD = RewardModelCard(
    name="states",
    summary="The table, times what each user, and each topic for her, brought so far: for targets that know users.",
    make=predicted_rewards,
    knows_states=True,
)
