"""Bandits with a context, after Riquelme, Tucker & Snoek (2018), "Deep Bayesian bandits showdown", section 5."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.experiments.bandits.task import Scene
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints

_SAFE, _ELSEWHERE, _HIGH, _WHEEL_NOISE = 1.2, 1.0, 50.0, 0.01


class LinearArms:
    """Arm k pays weights_k . x + noise of deviation `noise[k]`; or 1 with the probability sigma(weights_k . x)."""

    arms = None

    def __init__(self, name: str, weights: Floats, noise: NDArray[Any] | None, key: int) -> None:
        """Hold the bandits of one group.

        Args:
            name: name of the group of bandits.
            weights: (R, K, 1 + d) true weights, the first of each for the constant.
            noise: (K,) standard deviations of the rewards; None where they are clicks.
            key: key of contexts and rewards.
        """
        self.groups = (name,)
        self._weights, self._noise, self._key = weights, noise, key
        self._runs = np.arange(len(weights))

    @property
    def clicks(self) -> bool:
        """Whether rewards are 0 or 1."""
        return self._noise is None

    @property
    def n_arms(self) -> int:
        """K."""
        return self._weights.shape[1]

    def scene(self, t: int) -> Scene:
        """Return standard normal contexts."""
        n = self._weights.shape[2] - 1
        x: Floats = randomness.normal(self._key, self._runs[:, None], t, np.arange(n))
        context = np.concatenate([np.ones((len(x), 1)), x], axis=1)
        scores = np.matmul(self._weights, context[:, :, None])[:, :, 0]
        return Scene(context, 1.0 / (1.0 + np.exp(-scores)) if self._noise is None else scores)

    def rewards(self, t: int, scene: Scene, arms: Ints) -> Floats:
        """Return (R,), or (S, R)."""
        mean = scene.expected[self._runs, arms]
        if self._noise is None:
            return (randomness.uniform(self._key, self._runs, t, -1) < mean).astype(np.float64)
        return mean + self._noise[arms] * randomness.normal(self._key, self._runs, t, -1)


def linear(n_runs: int, horizon: int, seed: int) -> LinearArms:
    """Return 8 arms over 20 numbers: weights uniform on [-1, 1], scaled to length 1; deviations .01, .02, ..., .08."""
    key = randomness.derive(seed, "linear")
    weights = 2.0 * randomness.uniform(key, _runs(n_runs), np.arange(8)[:, None], np.arange(20)) - 1.0
    return LinearArms("linear", _of_length_one(weights), 0.01 * np.arange(1, 9), randomness.derive(key, "rounds"))


def sparse_linear(n_runs: int, horizon: int, seed: int) -> LinearArms:
    """Return 7 arms over 10 numbers, of which 3 matter to each arm; deviations .01, .02, ..., .07."""
    key = randomness.derive(seed, "sparse linear")
    words = _runs(n_runs), np.arange(7)[:, None], np.arange(10)
    order = np.argsort(randomness.uniform(key, *words, 0), axis=2)
    weights = np.where(order < 3, 2.0 * randomness.uniform(key, *words, 1) - 1.0, 0.0)
    return LinearArms(
        "sparse-linear", _of_length_one(weights), 0.01 * np.arange(1, 8), randomness.derive(key, "rounds")
    )


def clicks(n_runs: int, horizon: int, seed: int) -> LinearArms:
    """Return 8 arms over 10 numbers that pay 1 with probability sigma(w.x - 1), w standard normal over sqrt(10) / 2."""
    key = randomness.derive(seed, "clicks")
    weights = 2.0 / np.sqrt(10.0) * randomness.normal(key, _runs(n_runs), np.arange(8)[:, None], np.arange(10))
    return LinearArms("clicks", _with_constant(weights, -1.0), None, randomness.derive(key, "rounds"))


class Wheel:
    """Five arms over the unit disc.

    The first pays 1.2 anywhere, the others 1; but farther than delta from the middle, one of the others pays 50,
    another in each quadrant.  Noise has deviation .01.  Riquelme et al. (2018), section 5.4.

    Args:
        n_runs: of each delta; the runs of all deltas meet the same points.
        deltas: radii, a group of runs for each.
        key: of points and noise.
    """

    clicks = False
    arms = None
    n_arms = 5

    def __init__(self, n_runs: int, deltas: tuple[float, ...], key: int) -> None:
        self.groups = tuple(f"wheel {delta:g}" for delta in deltas)
        self._delta = np.repeat(deltas, n_runs)
        self._runs = np.tile(np.arange(n_runs), len(deltas))
        self._key = key

    def scene(self, t: int) -> Scene:
        """Return points that are uniform on the disc."""
        radius = np.sqrt(randomness.uniform(self._key, self._runs, t, 0))
        angle = 2.0 * np.pi * randomness.uniform(self._key, self._runs, t, 1)
        expected = np.full((len(self._runs), 5), _ELSEWHERE)
        expected[:, 0] = _SAFE
        far = np.flatnonzero(radius > self._delta)
        expected[far, 1 + (angle[far] // (np.pi / 2.0)).astype(np.int64) % 4] = _HIGH
        context = np.stack([np.ones(len(radius)), radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return Scene(context, expected)

    def rewards(self, t: int, scene: Scene, arms: Ints) -> Floats:
        """Return (R,), or (S, R)."""
        paid = scene.expected[np.arange(len(self._runs)), arms]
        return paid + _WHEEL_NOISE * randomness.normal(self._key, self._runs, t, 2)


def wheel(n_runs: int, horizon: int, seed: int) -> Wheel:
    """Return wheels of five radii, the harder the nearer to 1."""
    return Wheel(n_runs, (0.5, 0.7, 0.9, 0.95, 0.99), randomness.derive(seed, "wheel"))


def _runs(n_runs: int) -> Ints:
    return np.arange(n_runs)[:, None, None]


def _of_length_one(weights: Floats) -> Floats:
    return _with_constant(weights / np.linalg.norm(weights, axis=2, keepdims=True), 0.0)


def _with_constant(weights: Floats, constant: float) -> Floats:
    return np.concatenate([np.full((*weights.shape[:2], 1), constant), weights], axis=2)
