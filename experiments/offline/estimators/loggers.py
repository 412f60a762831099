"""Logs that several policies wrote."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms
from serendip.simulator.interface import Floats


def balanced_ips(slots: Slots) -> Terms:
    """Return the terms of IPS with the propensity of the mixture of all loggers in the place of the one that chose.

    V = (1/n) sum_i target_i / (sum_k (n_k / n) logging_k(a_i)) r_i.  No worse than IPS for any reward.  Agarwal et al.
    (2017), eq. 5.
    """
    return Terms(slots.target / slots.column("balanced_propensity") * slots.reward)


def self_normalised_balanced_ips(slots: Slots) -> Terms:
    """Return the terms of SNIPS with weights under the mixture of all loggers: sum_i w_i r_i / sum_i w_i.

    As `balanced_ips`, w_i = target_i / (sum_k (n_k / n) logging_k(a_i)); never outside the range of the rewards.
    """
    weight = slots.target / slots.column("balanced_propensity")
    return Terms(weight * slots.reward, weight)


def weighted_over_loggers(values: Floats, variances: Floats, counts: Floats) -> tuple[float, float]:
    """Return the value and the standard error of estimates from K loggers, weighted by their precision.

    V = sum_k lam_k V_k, lam_k proportional to n_k / var_k.  Agarwal et al. (2017), eq. 8.

    Args:
        values: (K,) estimate from the slots of each logger.
        variances: (K,) variance of a slot's term under each.
        counts: (K,) slots of each.
    """
    precision = np.divide(counts, variances, out=np.zeros_like(values), where=variances > 0.0)
    if not precision.any():
        precision = counts
    share = precision / precision.sum()
    return float(share @ values), float(np.sqrt(np.sum(share**2 * variances / counts)))


CARD = EstimatorCard(
    name="balanced_ips",
    summary="For a log that several policies wrote, with the propensity under all of them: no worse than IPS.",
    make=balanced_ips,
    needs=("balanced_propensity",),
    title="balanced IPS",
)

SELF_NORMALISED = EstimatorCard(
    name="balanced_snips",
    summary="SNIPS for a log that several policies wrote: less noisy where some explore much less than others.",
    make=self_normalised_balanced_ips,
    needs=("balanced_propensity",),
    title="balanced SNIPS",
    usual=True,
)
