"""What beliefs about slates share: utilities of items by group, quality and satiation, and whose doubts are lent."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from serendip.agents.beliefs.belief import Luck, sampled_moments
from serendip.agents.beliefs.choice.items import OUTSIDE, Shelf
from serendip.simulator.interface import Floats, Ints, Singles, SmallInts

_MOMENT_DRAWS = 32


class ChoiceScores(ABC):
    """Utilities of all items at B visits: a taste for the item's group, quality, less satiation."""

    __slots__ = ()
    shelf: Shelf
    groups: Ints

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    @property
    def quality(self) -> Floats:
        """(M,) q, in units of utility."""
        return self.shelf.quality

    @property
    def quality_doubt(self) -> Floats:
        """(M,) standard deviation of q."""
        return 1.0 / np.sqrt(self.shelf.precision)

    @property
    def outside(self) -> float:
        """e^x0, the weight of clicking nothing."""
        return float(np.exp(OUTSIDE))

    def examination(self, length: int) -> Floats:
        """Return (L,) gamma, how much each slot is looked at."""
        looks: Floats = self.shelf.with_positions(length).examination[:length]
        return np.exp(looks)

    @property
    @abstractmethod
    def offset(self) -> Singles:
        """(B, M) q - eta b."""

    @abstractmethod
    def level(self) -> Singles:
        """Return (B, G) log E[e^theta]."""

    @abstractmethod
    def hypotheses(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, G) joint draws of the tastes."""

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) logarithms of expected weights."""
        return self.level()[:, self.groups] + self.offset

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviations of the utilities."""
        return sampled_moments(self, luck, _MOMENT_DRAWS)[1]

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) utilities under a joint hypothesis, drawn anew for each visit and index."""
        tastes = self.hypotheses(range(index, index + 1), luck)[:, 0]
        doubt = self.quality_doubt.astype(np.float32)
        noise = luck.of("quality", index).rough_normals(len(self.groups))
        return np.asarray(tastes[:, self.groups] + self.offset + doubt * noise, dtype=np.float32)


def strangers_of(rows: Ints, own: Ints | SmallInts, seen: Ints | SmallInts, luck: Luck, *, alike: bool) -> Ints:
    """Return (B,) rows of other users, drawn anew for each visit: of any, or of about as many slates so far.

    Args:
        rows: (B,) the visitors' own.
        own: (B,) slates that each of them saw.
        seen: (n,) slates that every user saw.
        luck: of the visits.
        alike: whether of about as many slates.
    """
    order = np.argsort(seen, kind="stable")  # users by how much they had seen
    place = np.searchsorted(seen[order], own)
    point = luck.of("stranger").uniforms(1)[:, 0]
    reach = max(len(order) // 50, 1) if alike else len(order)
    shift = 1 + np.floor(point * (2 * reach if alike else len(order) - 1)).astype(np.int64)
    shift = np.where(shift > reach, reach - shift, shift) if alike else shift
    n = len(order)
    at = np.clip(place + shift, 0, n - 1) if alike else (place + shift) % n
    other = order[at]
    return np.where(other == rows, order[np.where(at > 0, at - 1, min(1, n - 1))], other)  # not the user's own
