"""Scores that are Gaussian, each item's independent of the others' given the user."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.simulator.interface import Singles


@dataclass(frozen=True, slots=True)
class GaussianPosterior:
    """Score ~ N(location, deviation^2) for each visit and item.

    Attributes:
        location: (B, M) means.
        deviation: (B, M) standard deviations.
    """

    location: Singles
    deviation: Singles

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) means."""
        return self.location

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations."""
        return self.deviation

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores, drawn anew for each visit and index."""
        noise = luck.of("gaussian", index).rough_normals(self.location.shape[1])
        return np.asarray(self.location + self.deviation * noise, dtype=np.float32)
