"""Logs of policies that learned while they wrote: times of large weights count less, as far as the past tells them."""

from __future__ import annotations

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms


def stabilised_ips(slots: Slots) -> Terms:
    """Return the terms of SNIPS with each time's slots divided by the root mean square of the weights before it.

    V = sum_i h_i w_i r_i / sum_i h_i w_i, h_i = 1 / sqrt(E[w^2]) at the time of i (`stabilising.Stabiliser`).  Where
    the logging policy explores less and less, the value is mostly that of early slots, so that it is wrong where
    rewards drift.  Zhan, Hadad, Hirshberg & Athey (2021), "Off-policy evaluation via adaptive weighting with data from
    contextual bandits", section 3.
    """
    weight = slots.column("stability") * slots.weight
    return Terms(weight * slots.reward, weight)


def stabilised_doubly_robust(slots: Slots) -> Terms:
    """Return the terms of DR with each time's slots divided by the root mean square of the weights before it.

    V = sum_i h_i [expected_i + w_i (r_i - q_i)] / sum_i h_i.  Zhan et al. (2021), eq. 4; Hadad et al. (2021),
    "Confidence intervals for policy evaluation in adaptive experiments", eq. 7.
    """
    stability = slots.column("stability")
    return Terms(stability * (slots.expected + slots.weight * (slots.reward - slots.predicted)), stability)


SNIPS = EstimatorCard(
    name="adaptive_snips",
    summary="For a log whose policy learned, where rewards do not drift: slots of large weights count less.",
    make=stabilised_ips,
    needs=("stability",),
    title="SNIPS, adaptive weights",
)

DR = EstimatorCard(
    name="adaptive_dr",
    summary="DR for a log whose policy learned, where rewards do not drift: slots of large weights count less.",
    make=stabilised_doubly_robust,
    needs=("stability", "predicted", "expected"),
    title="DR, adaptive weights",
    leans_on="both",
)
