"""Scores that a decoder makes of one vector a user: what all posteriors about that vector share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.agents.beliefs.last_layer import Split, codes_of
from serendip.agents.models.layers import Parameters
from serendip.simulator.interface import Singles

_ROWS = 256  # vectors decoded at once: their scores stay in the cache


class DecodingModel(Protocol):
    """A model with a decoder made of layers.

    Attributes:
        parameters: all parameters by name; the decoder's begin with `decoder.`.
    """

    parameters: Parameters

    def decode(self, z: Singles) -> Singles:
        """Return (B, M) scores of vectors (B, d); a row does not depend on the others."""
        ...


M = TypeVar("M", bound=DecodingModel)


class Decoded(ABC, Generic[M]):
    """A hypothesis is a vector for each user; scores are decoded from it.

    Attributes:
        model: decodes.
    """

    model: M

    @abstractmethod
    def vectors(self, index: int, luck: Luck) -> Singles:
        """Return (B, d) one vector a user, drawn anew for each visit and index."""

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores of those vectors."""
        return self.model.decode(self.vectors(index, luck))

    def draws(self, indices: range, luck: Luck) -> Iterator[Singles]:
        """Yield (n, S, M) scores of the vectors of all hypotheses, of a few visits at a time."""
        vectors = np.stack([self.vectors(index, luck) for index in indices], axis=1)  # (B, S, d)
        step = max(_ROWS // len(indices), 1)
        for start in range(0, max(len(vectors), 1), step):
            some = vectors[start : start + step]
            scores = self.model.decode(some.reshape(-1, vectors.shape[2]))
            yield scores.reshape(*some.shape[:2], -1)

    def factors(self) -> Singles:
        """Return (h + 1, M) the decoder's last layer, biases last."""
        return Split.of(self.model.parameters).last

    def codes(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, h + 1) what the last layer is given under those hypotheses, and a 1."""
        drawn = [self.vectors(index, luck) for index in indices]
        return np.stack([codes_of(self.model.parameters, each) for each in drawn], axis=1)
