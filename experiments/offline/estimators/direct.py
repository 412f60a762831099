"""The direct method: believe the reward model."""

from __future__ import annotations

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms


def direct_method(slots: Slots) -> Terms:
    """Return per-decision terms whose mean is the value of the target policy if the reward model is right.

    V = (1/n) sum_i sum_a target_i(a) q(x_i, a).  No importance weights, no variance from them, and all of the
    model's bias.  Beygelzimer & Langford (2009).
    """
    return Terms(slots.expected)


CARD = EstimatorCard(
    name="dm",
    summary="Shows what a reward model alone would say: no noise from weights, and every mistake of the model.",
    make=direct_method,
    needs=("expected",),
    title="DM, the reward model alone",
    leans_on="model",
    usual=True,
)
