"""A log as examples to learn a policy from: at each slate the features of every item, and what was shown."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.features import SiteFeatures
from serendip.agents.history import History
from serendip.experiments.offline.reading.log_source import LogSource, Step
from serendip.simulator import randomness
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Bools, Floats, Ints, Singles

MOST_PAIRS = 20_000_000  # slates times items whose features are kept: 640 MB


@dataclass(frozen=True, slots=True)
class Examples:
    """n slates of L slots over M items.

    Attributes:
        user: (n,) who.
        x: (n, M, d) features of each item as they were.
        available: (n, M) which items could be shown.
        items: (n, L) what was shown.
        reward: (n, L) what came of it.
        propensity: (n, L) of what was shown.
    """

    user: Ints
    x: Singles
    available: Bools
    items: Ints
    reward: Floats
    propensity: Floats

    def __len__(self) -> int:
        return len(self.user)

    def rows(self, rows: Ints) -> Examples:
        """Return some of the slates."""
        shown = self.items[rows], self.reward[rows], self.propensity[rows]
        return Examples(self.user[rows], self.x[rows], self.available[rows], *shown)

    def beside(self, other: Examples) -> Examples:
        """Return these slates and the other ones."""
        pairs = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Examples(*(np.concatenate(pair) for pair in pairs))


def read_examples(log: Path, seed: int, most_pairs: int = MOST_PAIRS) -> tuple[Examples, History]:
    """Return slates of the log, a random share of them where all would not fit, and the memory of all of it.

    Features are those of the morning: items' click rates are counted up to the day before, so that no slot is
    learned from with a rate that knows what came of it.

    Raises:
        DataError: the log cannot be read, or is empty.
    """
    source = LogSource(log)
    items = source.items()
    features, history = SiteFeatures(items), History(items.n_items)
    for step in source.before():
        history.append(step.visits, step.slates, step.feedback)
    share = min(most_pairs / items.n_items / max(source.n_rows / source.slate_size, 1.0), 1.0)
    key, kept, today = randomness.derive(seed, "examples"), list[Examples](), None
    for step in source.steps():
        if step.visits.day != today:
            features.refresh(history, items)
            today = step.visits.day
        luck = randomness.uniform(key, step.visits.user_ids, step.visits.day, step.visits.visit)
        rows = np.flatnonzero(luck < share)
        if len(rows):
            kept.append(_example(features, Situation(step.visits.rows(rows), history, items), step.rows(rows)))
        history.append(step.visits, step.slates, step.feedback)
    if not kept:
        raise DataError(f"{log}: holds no slates; nothing can be learned from an empty log")
    names = ("user", "x", "available", "items", "reward", "propensity")
    return Examples(*(np.concatenate([getattr(part, name) for part in kept]) for name in names)), history


def _example(features: SiteFeatures, situation: Situation, step: Step) -> Examples:
    x = features.pairs(situation)
    available = np.broadcast_to(step.visits.available, x.shape[:2])
    return Examples(step.visits.user_ids, x, available, step.items, step.reward, step.propensity)
