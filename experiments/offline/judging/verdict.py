"""Whether an estimate can be trusted, in one word, with reasons in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

INVALID, WEAK, RELIABLE = "invalid", "weak", "reliable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement of a log for a target.

    Attributes:
        word: `reliable`, `weak` or `invalid`.
        reasons: why, in sentences; one also where all is well.
    """

    word: str
    reasons: list[str]


def judge(d: Mapping[str, float | None]) -> Verdict:
    """Return the verdict on importance weighting from its diagnostics.

    The mean weight is the test of validity: it is 1 if the propensities are right and all that the target shows is
    supported.  The effective sample size says how much data is left; it misleads alone, because a log that lacks the
    rare items altogether has the best one.
    """
    bad, poor = list[str](), list[str]()
    mean, z = d["mean_weight"] or 0.0, d["mean_weight_z"]
    if z is None:
        bad.append("There is one user; how far the estimate may be off cannot be known from one.")
    elif abs(z) > 4.0 and abs(mean - 1.0) > 0.1:
        bad.append(
            f"The mean weight is {mean:.3g}, {abs(z):.1f} standard errors from 1: propensities are wrong or missing."
        )
    elif abs(z) > 3.0 or abs(mean - 1.0) > 0.25:
        poor.append(f"The mean weight is {mean:.3g} and should be 1 ({abs(z):.1f} standard errors away).")
    unsupported = d["unsupported_target_mass"] or 0.0
    if unsupported > 0.1:
        bad.append(f"{unsupported:.0%} of what the target shows is never shown by the log.")
    elif unsupported > 0.01:
        poor.append(f"{unsupported:.1%} of what the target shows is never shown by the log.")
    ess, n = d["effective_sample_size"] or 0.0, d["n_slots"] or 0.0
    if ess < 30:
        bad.append(f"The weights leave an effective sample of {ess:.0f} of {n:.0f} slots.")
    elif ess < 300:
        poor.append(f"The weights leave an effective sample of {ess:.0f} of {n:.0f} slots.")
    top = d["top_1_percent_share"] or 0.0
    if top > 0.5 and ess < 3000:
        poor.append(f"1% of the slots carry {top:.0%} of the weight.")
    tail = d.get("tail_index")
    if tail is not None and tail < 2.0 and ess < 3000:
        poor.append(f"The weights' tail index is {tail:.1f}; below 2, intervals are too narrow.")
    users = d["n_users"] or 0.0
    if 1 < users < 30:
        poor.append(f"There are {users:.0f} users; intervals over so few are too narrow.")
    rewarded = d["n_rewarded"] or 0.0
    if rewarded == 0:
        bad.append("No slot has both a reward and a weight; the log knows nothing of what the target is worth.")
    elif rewarded < 10:
        poor.append(
            f"Only {rewarded:.0f} slots have both a reward and a weight; normal theory needs more"
            " (korn_graubard and empirical_likelihood in the JSON need less)."
        )
    if d.get("propensities_estimated"):
        poor.append("Propensities are estimated, not logged.")
    if bad:
        return Verdict(INVALID, bad + poor)
    if poor:
        return Verdict(WEAK, poor)
    return Verdict(RELIABLE, [f"The mean weight is {mean:.3f} and {ess:.0f} of {n:.0f} slots are left in effect."])


def z_score(mean: float, error: float, n_users: int) -> float | None:
    """Return by how many standard errors the mean weight differs from 1; None where that cannot be known."""
    if n_users < 2:
        return None
    if error == 0.0 or not math.isfinite(error):
        return 0.0 if mean == 1.0 else math.copysign(1e6, mean - 1.0)
    return (mean - 1.0) / error
