"""Doubly robust estimation: a reward model, and importance weighting of what it got wrong."""

from __future__ import annotations

from serendip.experiments.offline.slots import Slots, Terms


def doubly_robust(slots: Slots) -> Terms:
    """Return per-decision terms whose mean is the value of the target policy.

    V = (1/n) sum_i [ sum_a target_i(a) q(x_i, a) + w_i (r_i - q(x_i, a_i)) ].  Unbiased when the propensities are
    right, with less variance the better the model is.  Dudik, Langford & Li (2011), eq. 3.
    """
    return Terms(slots.expected + slots.weight * (slots.reward - slots.predicted))
