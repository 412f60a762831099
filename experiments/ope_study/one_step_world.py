"""A world of one step whose truth is a sum: kinds of users, items whose clicks hang on kind and position alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.propensity import SlateMixture
from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.reward_models.reward_model import RewardTable
from serendip.experiments.offline.slots import Slots
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, SmallInts

N_KINDS, N_TOPICS, N_TARGETS = 4, 5, 4


@dataclass(frozen=True, slots=True)
class OneStep:
    """Settings of a world and of the log written in it.

    Attributes:
        n_users: users, who see 1 + Poisson(2) slates each.
        slate_size: L.
        n_items: M.
        epsilon: share of random slates of the logging policy.
    """

    n_users: int = 1000
    slate_size: int = 3
    n_items: int = 20
    epsilon: float = 0.3


class OneStepWorld:
    """Click rates, a logging policy that shows what it takes to be best, and targets that are surer or less sure.

    Attributes:
        rates: (G, L, M) probability of a click on each item at each position, for each kind of user.
        logging: the logging policy, one visit a kind.
        targets: the policies to be valued, likewise.
    """

    def __init__(self, settings: OneStep, seed: int) -> None:
        rng = randomness.generator(seed, "one-step world")
        self.settings, self.seed = settings, seed
        m, length = settings.n_items, settings.slate_size
        self.topic: SmallInts = (np.arange(m) % N_TOPICS).astype(np.int32)
        worth = rng.normal(-1.5, 0.5, (N_KINDS, N_TOPICS))[:, self.topic] + rng.normal(0.0, 0.5, (N_KINDS, m))
        looked_at = 0.85 ** np.arange(length)
        self.rates: Floats = looked_at[None, :, None] / (1.0 + np.exp(-worth))[:, None, :]
        believed = worth + rng.normal(0.0, 0.7, worth.shape)
        self.logging = self._policy(believed, 1, settings.epsilon, rng)
        self.targets = [
            self._policy(worth + rng.normal(0.0, 1.2 / (k + 1), worth.shape), 1 + 3 * (k % 2), 0.1 + 0.15 * k, rng)
            for k in range(N_TARGETS)
        ]

    def truth(self, target: SlateMixture) -> float:
        """Return expected clicks per slot: kinds are equally likely, and come equally often."""
        kinds = [float((self._chances(target)[g] * self.rates[g]).sum()) for g in range(N_KINDS)]
        return float(np.mean(kinds)) / self.settings.slate_size

    def log(self) -> Log:
        """Return a log of the logging policy."""
        rng, s = randomness.generator(self.seed, "log"), self.settings
        user = np.repeat(np.arange(s.n_users), 1 + rng.poisson(2.0, s.n_users))
        kind = rng.integers(N_KINDS, size=s.n_users)[user]
        explored = rng.random(len(user)) < self.logging.epsilon
        random = np.argsort(rng.random((len(user), s.n_items)), axis=1)[:, : s.slate_size]
        items = np.where(explored[:, None], random, self.logging.candidates[kind, 0])
        rate = self.rates[kind[:, None], np.arange(s.slate_size), items]
        return Log(user, kind, items, (rng.random(items.shape) < rate).astype(np.float64))

    def seen_by(self, target: SlateMixture, log: Log) -> Slots:
        """Return the log's slots as the target sees them, with all columns that this world can know."""
        logged, chance = self._chances(self.logging), self._chances(target)
        at = log.kind[:, None], np.arange(log.items.shape[1])[None, :], log.items
        topics = np.eye(N_TOPICS)[self.topic]  # (M, K)
        at_topic = (*at[:2], self.topic[log.items])
        marginal = (chance @ topics)[at_topic] / (logged @ topics)[at_topic]
        by_kind = [mixture.rows(log.kind) for mixture in (_Rows(target), _Rows(self.logging))]
        whole = by_kind[0].of_slate(log.items) / by_kind[1].of_slate(log.items)
        prefix = [np.cumprod(mixture.after_prefix(log.items), axis=1) for mixture in by_kind]
        predictions = self._predicted(log, np.ones(log.items.size))
        weight = chance[at] / logged[at]
        mrdr = self._predicted(log, (weight / logged[at]).ravel())
        further = {
            "slate_weight": np.repeat(whole, log.items.shape[1]),
            "prefix_weight": (prefix[0] / prefix[1]).ravel(),
            "marginal_weight": marginal.ravel(),
        }
        fold = folds(self.seed, log.user)
        predicted, expected = _of_model(predictions, fold, log, chance)
        further["mrdr_predicted"], further["mrdr_expected"] = _of_model(mrdr, fold, log, chance)
        user = np.repeat(log.user, log.items.shape[1])
        shown = log.reward.ravel(), logged[at].ravel(), chance[at].ravel()
        return Slots(user, *shown, predicted, expected, further)

    def _predicted(self, log: Log, weights: Floats) -> Floats:
        """Return (2, L, M) rewards that a table predicts for the users of each fold."""
        length = log.items.shape[1]
        table = RewardTable(self.topic, length, self.seed)
        position = np.tile(np.arange(length), len(log.user))
        table.update(np.repeat(log.user, length), position, log.items.ravel(), log.reward.ravel(), weights)
        table.scale(log.items.size)
        return table.fit()

    def _chances(self, policy: SlateMixture) -> Floats:
        """Return (G, L, M) probability of each item at each position."""
        everything = np.arange(self.settings.n_items)
        rows = [policy.at_position(np.full(policy.candidates.shape[::2], item)) for item in everything]
        return np.stack(rows, axis=2)

    def _policy(self, believed: Floats, n_slates: int, epsilon: float, rng: np.random.Generator) -> SlateMixture:
        """Return a policy that shows the best slates of as many beliefs, close to `believed` (G, M)."""
        slates = [
            np.argsort(-(believed + rng.normal(0.0, 0.3, believed.shape)), axis=1)[:, : self.settings.slate_size]
            for _ in range(n_slates)
        ]
        return SlateMixture(np.stack(slates, axis=1), None, epsilon, np.ones(self.settings.n_items, dtype=bool))


@dataclass(frozen=True, slots=True)
class Log:
    """n slates: who saw them (n,), of which kind (n,), what (n, L), and what was clicked (n, L)."""

    user: Ints
    kind: Ints
    items: Ints
    reward: Floats


@dataclass(frozen=True, slots=True)
class _Rows:
    """A policy of one visit a kind, to be asked about visits of many."""

    policy: SlateMixture

    def rows(self, kind: Ints) -> SlateMixture:
        """Return the policy at visits of those kinds."""
        p = self.policy
        return SlateMixture(p.candidates[kind], None, p.epsilon, p.available)


def _of_model(predictions: Floats, fold: Ints, log: Log, chance: Floats) -> tuple[Floats, Floats]:
    """Return (n L,) what a model says of what was shown, and of the target's choice on average."""
    positions = np.arange(log.items.shape[1])[None, :]
    predicted = predictions[fold[:, None], positions, log.items]
    by_fold = np.stack([np.einsum("glm,lm->gl", chance, predictions[f]) for f in range(N_FOLDS)])
    return predicted.ravel(), by_fold[fold, log.kind].ravel()
