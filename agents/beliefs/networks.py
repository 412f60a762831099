"""Small networks with one hidden layer, many side by side, for the features of neural-linear beliefs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.agents.models.model import Arrays
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints

_DECAYS, _TINY = (0.9, 0.999), 1e-8


class Networks:
    """R networks y = V' relu(W'x + b) + c with K outputs, trained by Adam on squared errors.

    Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.

    Attributes:
        parameters: W (R, d, h), b (R, 1, h), V (R, h, K) and c (R, 1, K).
    """

    def __init__(self, n: int, n_features: int, hidden: int, n_outputs: int, key: int) -> None:
        """Start from the prior.

        Args:
            n: number of networks R.
            n_features: length d of the input.
            hidden: units h of the hidden layer.
            n_outputs: number of outputs K.
            key: key of the stream of the first parameters.
        """
        rng = randomness.generator(key, "network")
        self.parameters: list[Floats] = [
            rng.standard_normal((n, n_features, hidden)) * np.sqrt(2.0 / n_features),
            rng.standard_normal((n, 1, hidden)) * 0.5,
            rng.standard_normal((n, hidden, n_outputs)) / np.sqrt(hidden),
            np.zeros((n, 1, n_outputs)),
        ]
        self._moments = [(np.zeros_like(p), np.zeros_like(p)) for p in self.parameters]
        self._steps = 0

    def hidden(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return (R, n, h) what the hidden layer makes of `x` (R, n, d), in the precision of `x`."""
        # one product a row of R and no more, so that the number of rows changes no bit
        weights, bias = (p.astype(x.dtype, copy=False) for p in self.parameters[:2])
        inner = np.matmul(x, weights)
        inner += bias
        return np.maximum(inner, 0.0, out=inner)

    def outputs(self, x: Floats) -> Floats:
        """Return (R, n, K)."""
        return np.matmul(self.hidden(x), self.parameters[2]) + self.parameters[3]

    def step(self, x: Floats, arms: Ints, y: Floats, rate: float) -> None:
        """Take one step down the mean squared error.

        Args:
            x: (R, n, d).
            arms: (R, n) which output `y` is of.
            y: (R, n).
            rate: of learning.
        """
        self._steps += 1
        for p, (first, second), slope in zip(self.parameters, self._moments, self.gradient(x, arms, y), strict=True):
            first += (1.0 - _DECAYS[0]) * (slope - first)
            second += (1.0 - _DECAYS[1]) * (slope * slope - second)
            size = np.sqrt(second / (1.0 - _DECAYS[1] ** self._steps)) + _TINY
            p -= rate * (first / (1.0 - _DECAYS[0] ** self._steps)) / size

    def gradient(self, x: Floats, arms: Ints, y: Floats) -> list[Floats]:
        """Return the derivatives of sum (output - y)^2 / 2n by each of `parameters`."""
        _, _, last, _ = self.parameters
        hidden = self.hidden(x)
        outputs = np.matmul(hidden, last) + self.parameters[3]
        off = np.zeros_like(outputs)
        taken = np.take_along_axis(outputs, arms[:, :, None], axis=2) - y[:, :, None]
        np.put_along_axis(off, arms[:, :, None], taken / y.shape[1], axis=2)  # (R, n, K)
        inner = np.matmul(off, last.transpose(0, 2, 1)) * (hidden > 0.0)  # (R, n, h)
        return [
            np.matmul(x.transpose(0, 2, 1), inner),
            inner.sum(axis=1, keepdims=True),
            np.matmul(hidden.transpose(0, 2, 1), off),
            off.sum(axis=1, keepdims=True),
        ]

    def arrays(self) -> Arrays:
        """Return the parameters and what Adam remembers."""
        out: Arrays = {"steps": np.asarray([self._steps])}
        for index, (p, (first, second)) in enumerate(zip(self.parameters, self._moments, strict=True)):
            out |= {f"{index}": p, f"{index}.first": first, f"{index}.second": second}
        return out

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._steps = int(arrays["steps"][0])
        indices = range(len(self.parameters))
        self.parameters = [arrays[f"{index}"].copy() for index in indices]
        self._moments = [(arrays[f"{i}.first"].copy(), arrays[f"{i}.second"].copy()) for i in indices]
