"""Doubly robust estimation: a reward model, and importance weighting of what it got wrong."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.estimators.card import Clipped, EstimatorCard, Shrunk
from serendip.experiments.offline.slots import Slots, Terms


def doubly_robust(slots: Slots) -> Terms:
    """Return per-decision terms whose mean is the value of the target policy.

    V = (1/n) sum_i [ sum_a target_i(a) q(x_i, a) + w_i (r_i - q(x_i, a_i)) ].  Unbiased when the propensities are
    right, with less variance the better the model is.  Dudik, Langford & Li (2011), eq. 3.
    """
    return Terms(slots.expected + slots.weight * (slots.reward - slots.predicted))


def self_normalised_doubly_robust(slots: Slots) -> Terms:
    """Return the terms of DR with its correction divided by the mean weight instead of by the number of slots.

    V = (1/n) sum_i expected_i + sum_i w_i (r_i - q_i) / sum_i w_i.  Thomas & Brunskill (2016), the weighted doubly
    robust estimator at horizon 1.
    """
    return Terms(slots.weight * (slots.reward - slots.predicted), slots.weight, baseline=slots.expected)


def switch_doubly_robust(slots: Slots, clip: float = 100.0) -> Terms:
    """Return the terms of DR that believes the model alone where the weight is above `clip`.

    V = (1/n) sum_i [ expected_i + w_i (r_i - q_i) [w_i <= clip] ].  Wang, Agarwal & Dudik (2017), eq. 8.
    """
    kept = np.where(slots.weight <= clip, slots.weight, 0.0)
    return Terms(slots.expected + kept * (slots.reward - slots.predicted))


def shrunk_doubly_robust(slots: Slots, shrinkage: float = 1e4) -> Terms:
    """Return the terms of DR with optimistic shrinkage: weights bent down so that a bound on the error is smallest.

    V = (1/n) sum_i [ expected_i + lam w_i / (w_i^2 + lam) (r_i - q_i) ]; lam -> infinity is DR, lam = 0 is DM.
    Su, Dimakopoulou, Krishnamurthy & Dudik (2020), section 3.
    """
    weight = shrinkage * slots.weight / (slots.weight**2 + shrinkage)
    return Terms(slots.expected + weight * (slots.reward - slots.predicted))


def more_robust_doubly_robust(slots: Slots) -> Terms:
    """Return the terms of DR with the model that makes the variance of DR smallest, not its own squared error.

    V = (1/n) sum_i [ sum_a target_i(a) q*(x_i, a) + w_i (r_i - q*(x_i, a_i)) ], with q* fitted with a weight of
    target_i / propensity_i^2 for each slot.  Farajtabar, Chow & Ghavamzadeh (2018), section 4.
    """
    residual = slots.reward - slots.column("mrdr_predicted")
    return Terms(slots.column("mrdr_expected") + slots.weight * residual)


DR = EstimatorCard(
    name="dr",
    summary="Right whenever the propensities are, and less noisy the better the reward model; a good first choice.",
    make=doubly_robust,
    needs=("predicted", "expected"),
    title="DR",
    leans_on="both",
    usual=True,
)

SNDR = EstimatorCard(
    name="sndr",
    summary="DR for logs whose mean weight is off by chance: less noisy than DR where weights are large.",
    make=self_normalised_doubly_robust,
    needs=("predicted", "expected"),
    title="self-normalised DR",
    leans_on="both",
    usual=True,
)

SWITCH_DR = EstimatorCard(
    name="switch_dr",
    summary="DR that believes the model alone where weights are too large: less noise for a bias that no interval has.",
    make=switch_doubly_robust,
    settings=Clipped(),
    needs=("predicted", "expected"),
    title="switch DR",
    leans_on="both",
    usual=True,
    bent=True,
    tuned=lambda clip: clip,
)

DR_OS = EstimatorCard(
    name="dr_os",
    summary="DR with large weights bent down smoothly: less noise for a bias that no interval has.",
    make=shrunk_doubly_robust,
    settings=Shrunk(),
    needs=("predicted", "expected"),
    title="DR, optimistic shrinkage",
    leans_on="both",
    usual=True,
    bent=True,
    tuned=lambda clip: clip**2,
)

MRDR = EstimatorCard(
    name="mrdr",
    summary="DR whose model is fitted to lessen DR's own noise; worth trying where weights differ much.",
    make=more_robust_doubly_robust,
    needs=("mrdr_predicted", "mrdr_expected"),
    title="MRDR",
    leans_on="both",
)
