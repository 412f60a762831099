"""Weights of topics instead of items: far less variance where rewards hang on the topic."""

from __future__ import annotations

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
