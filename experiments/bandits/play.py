"""Plays R bandits with one belief and all strategies at once, through the strategies that agents have."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.history import History
from serendip.agents.models.model import Sparse
from serendip.agents.propensity import random_slates
from serendip.agents.strategies import STRATEGIES
from serendip.agents.strategies.strategy import Ranker, Strategy, tie_key
from serendip.experiments.bandits import LEARNERS, TASKS
from serendip.experiments.bandits.task import Learner, Shape, Task
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, Items, Visits

EPSILON = "epsilon .1"
PLAYED: dict[str, dict[str, Any]] = {  # a strategy's name, and its settings where they are not its own defaults
    "greedy": {},
    EPSILON: {},
    "boltzmann": {"draws": 1},
    "thompson": {"draws": 1},
    "top-two": {"draws": 4},
    "ucb": {},
    "squarecb": {},
    "novelty": {},
    "shuffled": {"draws": 1},
}
N_NOTES, _GROUP = 25, 1 << 20


@dataclass(frozen=True, slots=True)
class Played:
    """Cumulative regrets.

    Attributes:
        groups: names of groups of runs.
        rounds: (C,) after which they were noted.
        regret: (G, R, C) by strategy: sum of (best mean - mean of the arm played) up to then.
        uniform: (G, R, C) the same for playing any arm, in expectation.
    """

    groups: tuple[str, ...]
    rounds: Ints
    regret: dict[str, Floats]
    uniform: Floats


def play(task: str, learner: str, horizon: int, n_runs: int, seed: int, tell: Callable[[int], None]) -> Played:
    """Play `n_runs` bandits of the kind `task` for `horizon` rounds with the belief `learner` and every strategy.

    Args:
        task: a name in `TASKS`.
        learner: a name in `LEARNERS`.
        horizon: number of rounds.
        n_runs: number of runs in each group.
        seed: seed of all that is random.
        tell: called with the number of rounds done, now and then.
    """
    bandits: Task = pkgutil.resolve_name(TASKS[task])(n_runs, horizon, seed)
    n, n_strategies = n_runs * len(bandits.groups), len(PLAYED)
    context = bandits.scene(0).context
    arms = None if bandits.arms is None else np.tile(bandits.arms, (n_strategies, 1, 1))
    shape = Shape(n_strategies * n, bandits.n_arms, context.shape[1], arms, horizon, seed)
    believer: Learner = pkgutil.resolve_name(LEARNERS[learner])(shape)
    names = (_GROUP * np.arange(len(bandits.groups))[:, None] + np.arange(n_runs)).ravel()  # whose luck a bandit has
    players = [_Player(name, names, bandits.n_arms, seed) for name in PLAYED]
    candidate = randomness.derive(randomness.derive(seed, "play"), "candidate")
    parts = [slice(s * n, (s + 1) * n) for s in range(n_strategies)]
    rounds = np.unique(np.linspace(0, horizon, N_NOTES + 1).astype(np.int64))[1:]
    total, notes = np.zeros((n_strategies + 1, n)), list[Floats]()
    for t in range(horizon):
        scene = bandits.scene(t)
        everywhere = np.tile(scene.context, (n_strategies, 1))
        posteriors = believer.posteriors(everywhere, parts)
        u = randomness.uniform(candidate, names, t, 0)  # the same luck for every strategy
        chosen = np.stack([who.choose(what, t, u) for who, what in zip(players, posteriors, strict=True)])
        paid = bandits.rewards(t, scene, chosen)
        believer.learn(t, everywhere, chosen.ravel(), paid.ravel())
        best = scene.expected.max(axis=1)
        total[:-1] += best - scene.expected[np.arange(n), chosen]
        total[-1] += best - scene.expected.mean(axis=1)
        if t + 1 == rounds[len(notes)]:
            notes.append(total.copy())
            tell(t + 1)
    curves = np.stack(notes, axis=2).reshape(n_strategies + 1, len(bandits.groups), n_runs, len(rounds))
    return Played(bandits.groups, rounds, dict(zip(PLAYED, curves[:-1], strict=True)), curves[-1])


class _Player:
    """One strategy in n bandits."""

    def __init__(self, name: str, users: Ints, n_arms: int, seed: int) -> None:
        n = len(users)
        self._epsilon = 0.1 if name == EPSILON else 0.0
        self._strategy = _strategy("greedy" if name == EPSILON else name, PLAYED[name])
        self._items = Items(np.zeros(n_arms, np.int32), np.zeros(n_arms, np.int32))
        self._history = History(n_arms)
        self._available = np.ones(n_arms, dtype=bool)
        self._users, self._rows = users, np.arange(n)
        self._visit = np.zeros(n, dtype=np.int32)
        self._played = np.zeros((n, n_arms), dtype=np.float32)
        self._ties, self._key = tie_key(seed), randomness.derive(seed, "play")
        self._hypothesis, self._explore = (randomness.derive(self._key, name) for name in ("hypothesis", "explore"))

    def choose(self, posterior: Any, t: int, u: Floats) -> Ints:
        """Return (n,) arms to play in round `t`, of the candidates those that the uniforms `u` (n,) fall on."""
        visits = Visits(self._users, t, self._visit, self._available)
        ranker = Ranker(_Counted(visits, self._history, self._items, self._played), 1, self._ties)
        candidates, weights = self._strategy.candidates(posterior, ranker, Luck(self._hypothesis, visits))
        place = (u * candidates.shape[1]).astype(np.int64)
        if weights is not None:
            place = (u[:, None] >= np.cumsum(weights, axis=1)[:, :-1]).sum(axis=1)
        arms = candidates[self._rows, place, 0]
        if self._epsilon:
            explored = randomness.uniform(self._explore, self._users, t, 0) < self._epsilon
            anything = random_slates(visits, self._available, 1, self._key)[:, 0]
            arms = np.where(explored, anything, arms)
        self._played[self._rows, arms] += 1.0
        return arms


class _Counted(Situation):
    """A situation that knows how often each arm was played."""

    def __init__(self, visits: Visits, history: History, items: Items, played: Any) -> None:
        super().__init__(visits, history, items)
        self._played = played

    @cached_property
    def n_exposures(self) -> Sparse:
        """(n, K) CSR."""
        return sparse.csr_array(self._played)


def _strategy(kind: str, settings: dict[str, Any]) -> Strategy:
    """Return the strategy called `kind`."""
    card = STRATEGIES.card(kind)
    return card.make(replace(card.settings, **settings))
