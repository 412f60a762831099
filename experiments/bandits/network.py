"""Arms that differ in a hundred numbers, which pay what a network makes of them."""

from __future__ import annotations

import numpy as np

from serendip.experiments.bandits.task import Scene
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints

_ARMS, _FEATURES, _HIDDEN, _NOISE = 100, 100, 50, 10.0


class NetworkArms:
    """100 arms with features x ~ N(0, I) of 100 numbers that pay V relu(W x / 10) + noise of variance 100.

    W (50, 100) and V (50,) are standard normal, so that the arms' means have a spread near 4; the same in every round.
    As the neural bandit of Osband et al. (2023), "Approximate Thompson sampling via epistemic neural networks".
    """

    clicks = False
    n_arms = _ARMS
    groups = ("network",)

    def __init__(self, n_runs: int, key: int) -> None:
        self._runs, self._key = np.arange(n_runs), key
        runs = self._runs[:, None, None]
        self.arms: Floats = randomness.normal(key, runs, 0, np.arange(_ARMS)[:, None], np.arange(_FEATURES))
        first = randomness.normal(key, runs, 1, np.arange(_FEATURES)[:, None], np.arange(_HIDDEN))
        last = randomness.normal(key, runs, 2, np.arange(_HIDDEN)[:, None], 0)
        hidden = np.maximum(np.matmul(self.arms, first) / np.sqrt(_FEATURES), 0.0)
        self._scene = Scene(np.ones((n_runs, 1)), np.matmul(hidden, last)[:, :, 0])

    def scene(self, t: int) -> Scene:
        """Return the same in every round."""
        return self._scene

    def rewards(self, t: int, scene: Scene, arms: Ints) -> Floats:
        """Return (R,), or (S, R)."""
        return scene.expected[self._runs, arms] + _NOISE * randomness.normal(self._key, self._runs, 3, t)


def network(n_runs: int, horizon: int, seed: int) -> NetworkArms:
    """Return arms that pay what a network with one hidden layer makes of their features."""
    return NetworkArms(n_runs, randomness.derive(seed, "network"))
