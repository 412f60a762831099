"""How much each position is looked at, and what items are worth within their topics, from a log."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.simulator.interface import Floats, Ints


def item_appeal(item: Ints, clicked: Floats, propensity: Floats, topic: Ints) -> Floats:
    """Return (M,) log odds of each item's click rate under uniform slates, less the mean of its topic.

    Each slot weighs 1 / propensity, so that it hangs on the item and not on whom a policy showed it to.

    Args:
        item: (n,) item of each slot.
        clicked: (n,) 1 where it was clicked, else 0.
        propensity: (n,) propensity of each item at its position, in (0, 1].
        topic: (M,) topic of each item.
    """
    weight = 1.0 / propensity
    weight /= weight.mean()
    rate = (np.bincount(item, weight * clicked, len(topic)) + 0.5) / (np.bincount(item, weight, len(topic)) + 1.0)
    appeal = np.log(rate / (1.0 - rate))
    n_in = np.maximum(np.bincount(topic), 1)
    return appeal - (np.bincount(topic, appeal) / n_in)[topic]


def fit_examination(slots: dict[str, Any], appeal: Floats) -> float:
    """Return gamma of gamma^j, by maximum likelihood over pairs of slots of one slate and topic, one of them clicked.

    Whatever a user thinks of a topic, both slots share it, so that of the multinomial logit there remains
    log odds = log gamma (j - l) + q_i - q_h; the difference of quality goes by the items' `appeal` (M,).  It is 1
    where no pair says anything, as in slates of one.
    """
    position, clicked = slots["position"], slots["clicked"]
    worth = appeal[slots["item"]]
    order = np.lexsort((position, slots["topic"], slots["slate"]))
    slate, topic = slots["slate"][order], slots["topic"][order]
    farther, nearer = [order[:0]], [order[:0]]
    for step in range(1, int(position.max()) + 1):
        later = np.flatnonzero((slate[step:] == slate[:-step]) & (topic[step:] == topic[:-step]))
        farther.append(order[later + step])
        nearer.append(order[later])
    far, near = np.concatenate(farther), np.concatenate(nearer)
    decided = clicked[far] != clicked[near]
    far, near = far[decided], near[decided]
    features = np.stack([(position[far] - position[near]).astype(np.float64), worth[far] - worth[near]], axis=1)
    return float(np.exp(_logit(features, clicked[far])[0]))


def _logit(features: Floats, clicked: Floats) -> Floats:
    """Return the maximum-likelihood weights of a logit (Newton's method)."""
    weights = np.zeros(features.shape[1])
    for _ in range(6):
        probability = 1.0 / (1.0 + np.exp(-features @ weights))
        curve = features.T @ (features * (probability * (1.0 - probability))[:, None])
        weights = weights + np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), features.T @ (clicked - probability))
    return weights
