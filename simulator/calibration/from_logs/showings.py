"""What was shown to whom beside what: the likelihood of clicks given slates, whoever chose them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.choices import Choices, expose
from serendip.simulator.interface import Floats, Ints

QUALITY = 0.7  # standard deviation of qualities before anything was seen, in units of utility


@dataclass(frozen=True, slots=True)
class Showings:
    """n slots in e showings of a topic in a slate, of c pairs of a user and a topic.

    Attributes:
        clicked: (n,) 1 or 0.
        looked: (n,) log gamma of the slot's position, less satiation.
        item: (n,) what was shown.
        row: (n,) the showing that the slot belongs to.
        pair: (e,) the pair of each showing, a row of `cell`.
        slate: (e,) the slate of each showing.
        cell: (c,) user K + topic, in order; those included that were only clicked before the first day.
    """

    clicked: Floats
    looked: Floats
    item: Ints
    row: Ints
    pair: Ints
    slate: Ints
    cell: Ints

    @classmethod
    def of(cls, slots: dict[str, Any], examination: float, choices: Choices, organic: Floats) -> Showings:
        """Return the showings in the slots (user, topic, slate, day, position, item, clicked).

        Args:
            slots: columns of the logged slots, by name.
            examination: gamma of gamma^j, the share that look at each further position.
            choices: how users choose, as fitted.
            organic: (n, K) clicks by topic before the first day.
        """
        n_topics = organic.shape[1]
        exposures, row = expose(slots["user"], slots["topic"], slots["slate"], slots["day"])
        full = choices.satiation * exposures.satiation(choices.satiation_days)
        first = np.unique(row, return_index=True)[1]
        code = slots["user"][first] * n_topics + slots["topic"][first]
        cell = np.union1d(code, np.flatnonzero(organic.reshape(-1) > 0.0))
        looked = slots["position"] * np.log(examination) - full[row]
        where = np.searchsorted(cell, code)
        clicked = slots["clicked"].astype(np.float64)
        return cls(clicked, looked, slots["item"], row, where, slots["slate"][first], cell)

    def weights(self, quality: Floats) -> Floats:
        """Return (e,) a: what each showing weighs, were the taste 0."""
        return np.bincount(self.row, np.exp(self.looked + quality[self.item])).astype(np.float64)

    def rest(self, weight: Floats, mean: Floats) -> Floats:
        """Return (e,) R: what speaks against each showing, given the mean e^theta of each one's pair (e,)."""
        each = weight * mean
        return 1.0 + np.bincount(self.slate, each)[self.slate] - each

    def means(self, weight: Floats, rest: Floats, chances: Floats, grid: Floats) -> Floats:
        """Return (e,) mean e^theta of each showing's pair, were that showing not known.

        With it, what came of a slate would speak for the others in it twice.

        Args:
            weight: (e,) a.
            rest: (e,) R.
            chances: (c, G) how likely each taste is of each pair, all known.
            grid: (G,) tastes.
        """
        hit = np.bincount(self.row, self.clicked)
        total, mean = np.zeros(len(hit)), np.zeros(len(hit))
        for node, taste in enumerate(grid):
            without = chances[self.pair, node] * (1.0 + weight / rest * np.exp(taste)) * np.exp(-hit * taste)
            total += without
            mean += without * np.exp(taste)
        return mean / total

    def likelihood(self, weight: Floats, rest: Floats, grid: Floats) -> Floats:
        """Return (c, G) log likelihood of what came of each pair, at each taste."""
        hit = np.bincount(self.row, self.clicked)
        hits = np.bincount(self.pair, hit, len(self.cell))
        found = np.empty((len(self.cell), len(grid)))
        for node, taste in enumerate(grid):
            lost = np.log1p(weight / rest * np.exp(taste))
            found[:, node] = hits * taste - np.bincount(self.pair, lost, len(self.cell))
        return found


def qualities(showings: Showings, mean: Floats, topic: Ints, quality: Floats) -> tuple[Floats, Floats]:
    """Return (M,) qualities after a Newton step, and their standard errors; shrunk to 0, of mean 0 in topics.

    Args:
        showings: what was shown, and what was clicked.
        mean: (e,) mean of e^taste for each showing.
        topic: (M,) topic of each item.
        quality: (M,) qualities before the step.
    """
    score = np.exp(showings.looked + quality[showings.item]) * mean[showings.row]
    slate = showings.slate[showings.row]
    chance = score / (1.0 + np.bincount(slate, score)[slate])
    curve = np.bincount(showings.item, chance * (1.0 - chance), len(topic)) + 1.0 / QUALITY**2
    pull = np.bincount(showings.item, showings.clicked - chance, len(topic)) - quality / QUALITY**2
    quality = quality + np.clip(pull / curve, -0.7, 0.7)
    quality = quality - (np.bincount(topic, quality) / np.maximum(np.bincount(topic), 1))[topic]
    return quality, 1.0 / np.sqrt(curve)
