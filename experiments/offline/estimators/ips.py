"""Importance weighting: what the target would show more often counts for more."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.estimators.card import Clipped, EstimatorCard, Smoothed
from serendip.experiments.offline.slots import Slots, Terms


def ips(slots: Slots) -> Terms:
    """Return per-decision terms whose mean is the value of the target policy.

    V = (1/n) sum_i w_i r_i, with w_i = target_i / propensity_i.  Unbiased where the logging policy shows, now and
    then, all that the target would show.  Horvitz & Thompson (1952); Li et al. (2011), eq. 3.
    """
    return Terms(slots.weighted)


def clipped_ips(slots: Slots, clip: float = 100.0) -> Terms:
    """Return the terms of IPS with no weight above `clip`: less variance, a bias towards 0.

    V = (1/n) sum_i min(w_i, clip) r_i.  Ionides (2008), eq. 3, who lets the clip grow as sqrt(n).
    """
    return Terms(np.minimum(slots.weight, clip) * slots.reward)


def subgaussian_ips(slots: Slots, smoothing: float = 0.01) -> Terms:
    """Return the terms of IPS with weights bent down smoothly: their tails become those of a normal distribution.

    V = (1/n) sum_i w_i / (1 - lam + lam w_i) r_i, with lam in [0, 1] the `smoothing`: 0 is IPS, 1 the mean reward of
    the log.  Metelli, Russo & Restelli (2021), eq. 7 with s = -1.
    """
    bent = 1.0 - smoothing + smoothing * slots.weight  # 0 only where the weight is 0 too
    weight = np.divide(slots.weight, bent, out=np.zeros_like(bent), where=bent > 0.0)
    return Terms(weight * slots.reward)


def self_normalised_ips(slots: Slots) -> Terms:
    """Return per-decision terms whose ratio of sums is the value of the target policy.

    V = sum_i w_i r_i / sum_i w_i.  Consistent, not unbiased; never leaves the range of the rewards.
    Swaminathan & Joachims (2015), eq. 6.
    """
    return Terms(slots.weighted, slots.weight)


IPS = EstimatorCard(
    name="ips",
    summary="Right on average whenever the propensities are, and noisy; what the others are measured against.",
    make=ips,
    title="IPS",
    usual=True,
)

CLIPPED_IPS = EstimatorCard(
    name="clipped_ips",
    summary="IPS that cuts large weights: less noise, and too low by what was cut.",
    make=clipped_ips,
    settings=Clipped(),
    title="clipped IPS",
    usual=True,
    bent=True,
    tuned=lambda clip: clip,
)

SNIPS = EstimatorCard(
    name="snips",
    summary="The safe choice without a reward model: never outside the range of the rewards, little bias.",
    make=self_normalised_ips,
    title="SNIPS",
    usual=True,
)

SUBGAUSSIAN_IPS = EstimatorCard(
    name="subgaussian_ips",
    summary="IPS with weights bent down smoothly, for heavy tails; pulled towards the log's own mean reward.",
    make=subgaussian_ips,
    settings=Smoothed(),
    title="sub-Gaussian IPS",
    usual=True,
    bent=True,
    tuned=lambda clip: min(1.0 / clip, 1.0),
)
