"""What a slate would be clicked: a logistic regression on what a site knew of the user, the item and the slate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from serendip.experiments.offline.crossfit import N_FOLDS, folds
from serendip.experiments.offline.long_term.replay import Watched
from serendip.simulator.interface import Floats, Ints, Singles

_PSEUDO = 20.0  # exposures that an item's own click rate is shrunk by
_RIDGE = 1.0
_STEPS = 12  # of Newton's method, which needs fewer


@dataclass
class Slots:
    """Slots with what was known where they were shown, collected round by round.

    Attributes:
        topic: (M,) topic of each item.
    """

    topic: Ints
    _parts: list[tuple[Ints, Ints, Singles]] = field(default_factory=list[tuple[Ints, Ints, Singles]])

    def add(self, users: Ints, items: Ints, watched: Watched) -> None:
        """Take in slates `items` (B, L) as they would be shown now."""
        topic = self.topic[items]
        at = users[:, None], topic
        alike = (topic[:, :, None] == topic[:, None, :]).sum(axis=2) - 1.0
        known = np.stack([watched.clicks[at], watched.exposures[at], watched.fresh[at], alike], axis=2)
        self._parts.append((users, items, known.astype(np.float32)))  # half the memory

    def whole(self) -> tuple[Ints, Ints, Singles]:
        """Return (n,) users, (n, L) items and (n, L, 4) clicks, exposures, fresh ones, and slots of the same topic."""
        users, items, known = (np.concatenate(columns) for columns in zip(*self._parts, strict=True))
        return users, items, known


def predict(shown: Slots, clicked: Floats, drawn: Slots, seed: int, user_ids: Ints) -> tuple[Floats, Floats]:
    """Return (n, L) chance of a click on what was shown, and on what was drawn, each user's by the other fold's fit.

    Args:
        shown: what the log showed.
        clicked: (n, L) what was clicked, 0 or 1.
        drawn: what the target drew in the same places.
        seed: of the folds.
        user_ids: (U,) ids; the users of the slots are rows of it.
    """
    users, items, known = shown.whole()
    _, other_items, other_known = drawn.whole()
    fold = folds(seed, user_ids)[users]
    found = np.empty(items.shape), np.empty(items.shape)
    for f in range(N_FOLDS):
        there, here = fold != f, fold == f
        if not there.any() or not here.any():
            there = np.ones(len(fold), dtype=bool)  # too few users to hold any out
        rates = _rates(shown.topic, items[there], clicked[there])
        learned = logistic(_features(shown.topic, rates, items[there], known[there]), clicked[there].ravel())
        for into, slots, what in ((found[0], items, known), (found[1], other_items, other_known)):
            score = _features(shown.topic, rates, slots[here], what[here]) @ learned
            into[here] = _chance(score).reshape(-1, slots.shape[1])
    return found


def _rates(topic: Ints, items: Ints, clicked: Floats) -> tuple[Floats, Floats]:
    """Return (M,) click rates of items, shrunk to their topic's, and (M,) those of the topics, shrunk to all."""
    n, n_topics = len(topic), int(topic.max()) + 1
    shows = np.bincount(items.ravel(), minlength=n).astype(np.float64)
    clicks = np.bincount(items.ravel(), clicked.ravel(), n)
    overall = (clicks.sum() + 0.5) / (shows.sum() + 1.0)
    of_topic = (np.bincount(topic, clicks, n_topics) + _PSEUDO * overall) / (
        np.bincount(topic, shows, n_topics) + _PSEUDO
    )
    return (clicks + _PSEUDO * of_topic[topic]) / (shows + _PSEUDO), of_topic[topic]


def _features(topic: Ints, rates: tuple[Floats, Floats], items: Ints, known: Singles) -> Floats:
    """Return (n L, F) what a click may hang on; the first is 1."""
    clicks, exposures, fresh, alike = (known[:, :, j].astype(np.float64) for j in range(4))
    item, of_topic = _log_odds(rates[0][items]), _log_odds(rates[1][items])
    own = _log_odds((clicks + 2.0 * rates[1][items]) / (exposures + 2.0))
    known_topic = (clicks > 0.0).astype(np.float64)
    rivals = np.broadcast_to(own.mean(axis=1, keepdims=True), own.shape)
    position = np.broadcast_to(np.arange(items.shape[1], dtype=np.float64), items.shape)
    columns = [np.ones(items.shape), item, of_topic, own, own * own, known_topic, item * known_topic]
    columns += [np.log1p(clicks), np.log1p(exposures), fresh, alike, rivals, position]
    return np.stack(columns, axis=2).reshape(items.size, -1)


def _log_odds(chance: Floats) -> Floats:
    inside = np.clip(chance, 1e-4, 1.0 - 1e-4)
    return np.log(inside / (1.0 - inside))


def _chance(score: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0)))


def logistic(features: Floats, happened: Floats) -> Floats:
    """Return (F,) coefficients of a logistic regression, by Newton's method, with a small ridge.

    Args:
        features: (n, F), the first of them 1.
        happened: (n,) 0 or 1.
    """
    scale = features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    x = features / scale
    found = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = _chance(x @ found)
        slope = x.T @ (happened - chance) - _RIDGE * found
        curve = (x * (chance * (1.0 - chance))[:, None]).T @ x + _RIDGE * np.eye(len(found))
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < 1e-8:
            break
    return found / scale
