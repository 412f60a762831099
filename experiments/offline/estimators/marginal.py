"""Weights of topics instead of items: far less variance where rewards hang on the topic."""

from __future__ import annotations

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms


def marginalised_ips(slots: Slots) -> Terms:
    """Return the terms of IPS with the weight of the item's topic (any embedding) instead of the item's.

    V = (1/n) sum_i w(x_i, e_i) r_i, with w(x, e) = sum_a target(a) p(e | a) / sum_a logging(a) p(e | a).
    Unbiased if an item acts through its topic alone.  Saito & Joachims (2022), eq. 6.
    """
    return Terms(slots.column("marginal_weight") * slots.reward)


def conjunct_effect_model(slots: Slots) -> Terms:
    """Return the terms of OffCEM: weights for the effect of the topic, a model for the item's effect within it.

    V = (1/n) sum_i [ expected_i + w(x_i, e_i) (r_i - q_i) ].
    Unbiased if the model has the differences between items of a topic right.  Saito, Ren & Joachims (2023), eq. 5.
    """
    return Terms(slots.expected + slots.column("marginal_weight") * (slots.reward - slots.predicted))


MIPS = EstimatorCard(
    name="mips",
    summary="Far less noisy than IPS where what an item brings depends on its topic alone; wrong where it does not.",
    make=marginalised_ips,
    needs=("marginal_weight",),
    title="MIPS (topics)",
    weighs="margin",
)

OFF_CEM = EstimatorCard(
    name="off_cem",
    summary="MIPS with a reward model for what items of one topic differ in.",
    make=conjunct_effect_model,
    needs=("marginal_weight", "predicted", "expected"),
    title="OffCEM",
    leans_on="both",
    weighs="margin",
)
