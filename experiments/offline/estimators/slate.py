"""Slates: weights of whole slates, of their beginnings, and of their slots.

`slate_ips` and `cascade_ips` are terms per slot, like every estimator here: the value is a mean reward per slot.  The
position-wise (independent) estimator is plain `ips`.  What needs the whole slate at once is below them.
"""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms
from serendip.simulator.interface import Floats


def slate_ips(slots: Slots) -> Terms:
    """Return the terms of IPS with the weight of the whole slate: right however slots act on each other, and noisy.

    V = (1/n) sum_i target(slate_i) / logging(slate_i) r_i.  Precup, Sutton & Singh (2000); Swaminathan et al. (2017).
    """
    return Terms(slots.column("slate_weight") * slots.reward)


def self_normalised_slate_ips(slots: Slots) -> Terms:
    """Return the terms of IPS with weights of whole slates, divided by their sum: never outside the rewards' range."""
    weight = slots.column("slate_weight")
    return Terms(weight * slots.reward, weight)


def cascade_ips(slots: Slots) -> Terms:
    """Return the terms of IPS with the weight of the slate down to the slot: right if users read from the top.

    V = (1/n) sum_i target(slate_i[:k]) / logging(slate_i[:k]) r_ik.  McInerney et al. (2020), "RIPS", eq. 5.
    """
    return Terms(slots.column("prefix_weight") * slots.reward)


def cascade_model_corrected(slots: Slots) -> Terms:
    """Return the terms of cascade-DR with a model of item and position alone.

    V = (1/n) sum_i [ expected_i + w_i,1:k (r_ik - q_ik) ], which `cascade_doubly_robust` comes to where what is
    expected of a slot does not hang on the slots above it.  Kiyohara et al. (2022), eq. 6.
    """
    return Terms(slots.expected + slots.column("prefix_weight") * (slots.reward - slots.predicted))


def pseudo_inverse_ips(slots: Slots) -> Terms:
    """Return the terms of IPS with the pseudo-inverse weight of the slate: right if its reward is a sum over its slots.

    V = (1/n) sum_i q' G^+ 1_slate(i) r_i.  Swaminathan et al. (2017), eq. 5.
    """
    return Terms(slots.column("pseudo_inverse_weight") * slots.reward)


def cascade_doubly_robust(prefix_weight: Floats, reward: Floats, predicted: Floats, expected: Floats) -> Terms:
    """Return per-slate terms of the sum of rewards of a slate that is read from the top, corrected by a model.

    V = (1/B) sum_i sum_k [ w_i,1:k (r_ik - q_ik) + w_i,1:k-1 expected_ik ], with w_1:0 = 1 and q_ik the sum of rewards
    that is expected from slot k on.  Kiyohara et al. (2022), eq. 6.

    Args:
        prefix_weight: (B, L) weight of the slate down to each slot.
        reward: (B, L) rewards.
        predicted: (B, L) predicted sum of rewards from the slot on, given the slate down to it.
        expected: (B, L) the same before the slot's item is known, on average under the target.
    """
    before = np.concatenate([np.ones((len(reward), 1)), prefix_weight[:, :-1]], axis=1)
    return Terms(np.sum(prefix_weight * (reward - predicted) + before * expected, axis=1))


def pseudo_inverse(slot_weight: Floats, reward: Floats) -> Terms:
    """Return per-slate terms of the pseudo-inverse estimator, for logging policies whose slots are independent.

    V = (1/B) sum_i (sum_k w_ik - L + 1) sum_k r_ik: a slate's weight without products, right if the slate's reward is a
    sum of what its slots add.  Swaminathan et al. (2017), eq. 5, which comes to this for a product policy.

    Args:
        slot_weight: (B, L) importance weight of each slot.
        reward: (B, L) rewards.
    """
    weight = slot_weight.sum(axis=1) - slot_weight.shape[1] + 1.0
    return Terms(weight * reward.sum(axis=1))


def uniform_pseudo_inverse_weight(at_position: Floats, anywhere: Floats, n_items: int) -> Floats:
    """Return (B,) the weight q' G^+ 1_slate of slates that were drawn uniformly, no item twice.

    1 + M (M - 1) / (M - L) (b / L - L / M) + (M - 1) (a - b / L), with a and b the sums over a slate's items of the
    target's probability of each at its position, and anywhere.  G's eigenvalues are L / M (all constant), 0 (constant
    over items), (M - L) / (M (M - 1)) (constant over positions) and 1 / (M - 1).  Swaminathan et al. (2017), eq. 5.

    Args:
        at_position: (B, L) probability of each item at its position under the target.
        anywhere: (B, L) probability of each item anywhere in the slate under the target.
        n_items: M, that the slates were drawn from; one number, or (B,) one for each.
    """
    length = at_position.shape[1]
    a, b = at_position.sum(axis=1), anywhere.sum(axis=1) / length
    n_left = np.maximum(n_items - length, 1)
    over_positions = np.where(n_items > length, n_items * (n_items - 1) / n_left * (b - length / n_items), 0.0)
    return 1.0 + over_positions + (n_items - 1) * (a - b)


def pseudo_inverse_weight(target: Floats, logging: Floats, slate: Floats) -> float:
    """Return the weight q' G^+ 1_slate of one slate under any logging policy, by the definition.

    Swaminathan et al. (2017), eq. 5, with G = E_logging[1_s 1_s'], q = E_target[1_s].

    Args:
        target: (L * M,) probability of each item at each position under the target.
        logging: (L * M, L * M) probability that each pair of (position, item) is in the same slate.
        slate: (L * M,) 1 where the slate has the item at the position.
    """
    return float(target @ np.linalg.pinv(logging, hermitian=True) @ slate)


SLATE_IPS = EstimatorCard(
    name="slate_ips",
    summary="Right however the items of a slate act on each other, and very noisy.",
    make=slate_ips,
    needs=("slate_weight",),
    title="slate IPS",
    weighs="slate",
    usual=True,
)

SLATE_SNIPS = EstimatorCard(
    name="slate_snips",
    summary="The safe choice where items of a slate compete for one click and each slate's probability is logged.",
    make=self_normalised_slate_ips,
    needs=("slate_weight",),
    title="slate SNIPS",
    weighs="slate",
    usual=True,
)

CASCADE_IPS = EstimatorCard(
    name="cascade_ips",
    summary="For users who read a slate from the top: less noisy than weights of whole slates.",
    make=cascade_ips,
    needs=("prefix_weight",),
    title="cascade IPS",
    weighs="slate",
)

CASCADE_DR = EstimatorCard(
    name="cascade_dr",
    summary="Cascade IPS with a reward model, and less noisy for it.",
    make=cascade_model_corrected,
    needs=("prefix_weight", "predicted", "expected"),
    title="cascade DR",
    leans_on="both",
    weighs="slate",
)

PSEUDO_INVERSE = EstimatorCard(
    name="pseudo_inverse",
    summary="For slates drawn uniformly whose reward is the sum of what its slots add.",
    make=pseudo_inverse_ips,
    needs=("pseudo_inverse_weight",),
    title="pseudo-inverse",
    weighs="slate",
)
