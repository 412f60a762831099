"""Scores that are Gaussian, each item's independent of the others' given the user."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.simulator.interface import Singles


class IndependentScores(ABC):
    """Score ~ N(mean, spread^2) for each visit and item."""

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    @abstractmethod
    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) means."""

    @abstractmethod
    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations."""

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores, drawn anew for each visit and index."""
        mean = self.mean(luck)
        noise = luck.of("gaussian", index).rough_normals(mean.shape[1])
        return np.asarray(mean + self.spread(luck) * noise, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class GaussianPosterior(IndependentScores):
    """Means and deviations that are known.

    Attributes:
        location: (B, M) means.
        deviation: (B, M) standard deviations.
    """

    location: Singles
    deviation: Singles

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) means."""
        return self.location

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations."""
        return self.deviation
