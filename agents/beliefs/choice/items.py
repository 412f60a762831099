"""What is learned of items, positions and satiation, by Newton steps that remember how sure they are."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats

OUTSIDE = 1.0  # x0, a normalisation: only utilities less this one matter
_POSITION_PRECISION, _EFFECT_PRECISION = 25.0, 100.0  # of what is taken for granted of log gamma and eta
_FIRST_EFFECT, _FIRST_FALL = 0.05, -0.1
_LONGEST_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """Sums over slates: gradients and curvatures of the log likelihood.

    Attributes:
        items: (M, 2) of y - p and of p (1 - p).
        positions: (L, 2) likewise.
        effect: (2,) in eta.
    """

    items: Floats
    positions: Floats
    effect: Floats

    @classmethod
    def nothing(cls, n_items: int, n_positions: int) -> Told:
        """Return the sums over no slates."""
        return cls(np.zeros((n_items, 2)), np.zeros((n_positions, 2)), np.zeros(2))

    def with_positions(self, n: int) -> Told:
        """Return the same with at least `n` positions."""
        known = len(self.positions)
        if n <= known:
            return self
        return Told(self.items, np.concatenate([self.positions, np.zeros((n - known, 2))]), self.effect)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is common to all users.

    Attributes:
        quality: (M,) q, in units of utility.
        precision: (M,) 1 / v.
        examination: (L,) log gamma; the first is 0.
        examination_precision: (L,).
        effect: (2,) eta and its precision.
    """

    quality: Floats
    precision: Floats
    examination: Floats
    examination_precision: Floats
    effect: Floats

    @classmethod
    def first(cls, n_items: int, spread: float) -> Shelf:
        """Return what is taken for granted: items alike up to `spread`, and a little satiation."""
        precision = np.full(n_items, 1.0 / spread**2)
        effect = np.array([_FIRST_EFFECT, _EFFECT_PRECISION])
        return cls(np.zeros(n_items), precision, np.zeros(0), np.zeros(0), effect)

    @property
    def pull(self) -> Floats:
        """(M,) e^(q + v / 2), the expected weight of each item to who has a taste of 0."""
        return np.exp(self.quality + 0.5 / self.precision)

    def with_positions(self, n: int) -> Shelf:
        """Return the same with at least `n` positions, later ones looked at a little less."""
        known = len(self.examination)
        if n <= known:
            return self
        later: Floats = _FIRST_FALL * np.arange(known, n, dtype=np.float64)
        examination = np.concatenate([self.examination, later])
        precision = np.concatenate([self.examination_precision, np.full(n - known, _POSITION_PRECISION)])
        return Shelf(self.quality, self.precision, examination, precision, self.effect)

    def after(self, told: Told) -> Shelf:
        """Return what a Newton step makes of new slates: precision += curvature, value += gradient / precision."""
        precision = self.precision + told.items[:, 1]
        quality = self.quality + np.clip(told.items[:, 0] / precision, -_LONGEST_STEP, _LONGEST_STEP)
        at = self.examination_precision + told.positions[:, 1]
        examination = self.examination + np.clip(told.positions[:, 0] / at, -_LONGEST_STEP, _LONGEST_STEP)
        examination -= examination[:1]
        strength = self.effect[1] + told.effect[1]
        eta = max(self.effect[0] + told.effect[0] / strength, 0.0)
        return Shelf(quality, precision, examination, at, np.array([eta, strength]))

    def fitted(self, told: Told, spread: float) -> Shelf:
        """Return what a Newton step makes of all slates, of which `told` was said at this shelf, and of the first one.

        Qualities then have the mean 0, the most likely one by what slates told of them alone.

        Args:
            told: of all slates.
            spread: standard deviation of qualities before anything was seen.
        """
        first = Shelf.first(len(self.quality), spread).with_positions(len(self.examination))
        back = Told(told.items.copy(), told.positions.copy(), told.effect.copy())
        back.items[:, 0] -= first.precision * (self.quality - first.quality)
        back.positions[:, 0] -= first.examination_precision * (self.examination - first.examination)
        back.effect[0] -= first.effect[1] * (self.effect[0] - first.effect[0])
        effect = np.array([self.effect[0], first.effect[1]])
        at = Shelf(self.quality, first.precision, self.examination, first.examination_precision, effect).after(back)
        known = 1.0 - first.precision / at.precision  # (M,) share of what is known that slates told
        mean = at.quality.sum() / max(float(known.sum()), 1.0)
        return Shelf(at.quality - mean * known, at.precision, at.examination, at.examination_precision, at.effect)

    def arrays(self) -> Arrays:
        """Return all of it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
