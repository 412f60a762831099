"""The direct method: believe the reward model."""

from __future__ import annotations

from serendip.experiments.offline.slots import Slots, Terms


def direct_method(slots: Slots) -> Terms:
    """Return per-decision terms whose mean is the value of the target policy if the reward model is right.

    V = (1/n) sum_i sum_a target_i(a) q(x_i, a).  No importance weights, no variance from them, and all of the
    model's bias.  Beygelzimer & Langford (2009).
    """
    return Terms(slots.expected)
