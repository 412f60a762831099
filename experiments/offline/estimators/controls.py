"""Control variates: what is known to be 0 on average tells what the weighted rewards are off by."""

from __future__ import annotations

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms


def ips_with_baseline(slots: Slots) -> Terms:
    """Return the terms of IPS with the baseline that leaves the least variance.

    V = (1/n) sum_i [ w_i r_i - b (w_i - 1) ], with b the slope of users' weighted rewards on their weights less 1.
    No more variance than IPS (b = 0) or SNIPS (b its value) in long logs.  Gupta et al. (2024), "Optimal baseline
    corrections for off-policy contextual bandits", eq. 10.
    """
    return Terms(slots.weighted, controls=(slots.excess,))


def doubly_robust_with_slopes(slots: Slots) -> Terms:
    """Return the terms of DR that trusts the reward model, and the mean weight, as far as this log shows them right.

    V = (1/n) sum_i [ w_i r_i - b (w_i - 1) - c (w_i q_i - expected_i) ], with b and c the slopes that leave the least
    variance: c = 1 and b = 0 is DR, c = 0 IPS with a baseline.  Both controls are 0 on average for any model, if the
    propensities are right, so that a bad model costs nothing in long logs.  Tan (2010), "Bounded, efficient and doubly
    robust estimation with inverse weighting", section 3.
    """
    return Terms(slots.weighted, controls=(slots.excess, slots.weight * slots.predicted - slots.expected))


BETA_IPS = EstimatorCard(
    name="beta_ips",
    summary="The least noisy of what rests on weights alone: IPS and SNIPS, mixed as this log has it best.",
    make=ips_with_baseline,
    title="IPS, optimal baseline",
    usual=True,
)

BETA_DR = EstimatorCard(
    name="beta_dr",
    summary="The best mixture of IPS, SNIPS and DR for this log: a bad reward model costs nothing in long logs.",
    make=doubly_robust_with_slopes,
    needs=("predicted", "expected"),
    title="DR, optimal slopes",
    leans_on="both",
    usual=True,
)
