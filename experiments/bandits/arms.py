"""Arms without a context: each pays 1 with some probability, that stays or drifts."""

from __future__ import annotations

import numpy as np

from serendip.experiments.bandits.task import Scene
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints

_MEANS = (0.3, *[0.2] * 9)
_LEVEL, _SPREAD, _MEMORY = -1.0, 1.0, 1000.0  # log odds, log odds, rounds


class Arms:
    """R bandits whose arms pay 1 with the probabilities `chances` (R, T, K), or (R, 1, K) where these stay."""

    clicks = True
    arms = None

    def __init__(self, name: str, chances: Floats, key: int) -> None:
        self.groups = (name,)
        self._chances, self._key = chances, key
        self._runs = np.arange(len(chances))
        self._context = np.ones((len(chances), 1))

    @property
    def n_arms(self) -> int:
        """K."""
        return self._chances.shape[2]

    def scene(self, t: int) -> Scene:
        """Return the chances of round `t`."""
        return Scene(self._context, self._chances[:, min(t, self._chances.shape[1] - 1)])

    def rewards(self, t: int, scene: Scene, arms: Ints) -> Floats:
        """Return (R,) ones and zeros, or (S, R)."""
        u = randomness.uniform(self._key, self._runs, t)
        return (u < scene.expected[self._runs, arms]).astype(np.float64)


def bernoulli(n_runs: int, horizon: int, seed: int) -> Arms:
    """Return ten arms, the best of them anywhere: one pays with probability .3, nine with .2."""
    key = randomness.derive(seed, "bernoulli")
    best = randomness.below(len(_MEANS), key, np.arange(n_runs), 0)
    order = (np.arange(len(_MEANS)) - best[:, None]) % len(_MEANS)
    return Arms("bernoulli", np.asarray(_MEANS)[order][:, None, :], randomness.derive(key, "rewards"))


def drifting(n_runs: int, horizon: int, seed: int) -> Arms:
    """Return ten arms whose log odds wander: z' = c z + sqrt(1 - c^2) noise around -1, spread 1, c = exp(-1 / 1000)."""
    key = randomness.derive(seed, "drifting")
    keep = np.exp(-1.0 / _MEMORY)
    z: Floats = randomness.normal(key, np.arange(n_runs)[:, None], -1, np.arange(10))
    path = np.empty((n_runs, horizon, 10))
    for t in range(horizon):
        path[:, t] = z
        z = keep * z + np.sqrt(1.0 - keep**2) * randomness.normal(key, np.arange(n_runs)[:, None], t, np.arange(10))
    return Arms("drifting", 1.0 / (1.0 + np.exp(-(_LEVEL + _SPREAD * path))), randomness.derive(key, "rewards"))
