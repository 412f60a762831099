"""Which estimate to go by, and why: the narrowest of those that still agree with all that are wider."""

from __future__ import annotations

from collections.abc import Mapping

from serendip.experiments.offline.estimators import slope
from serendip.experiments.offline.intervals import Estimate
from serendip.experiments.offline.verdict import INVALID

_CANDIDATES = (
    *("ips", "snips", "dr", "sndr", "mrdr", "switch_dr", "dr_os", "subgaussian_ips", "clipped_ips"),
    *("mips", "off_cem", "balanced_ips"),
)


def recommend(estimates: Mapping[str, Estimate], verdict: str, n_users: int) -> tuple[str | None, str]:
    """Return the estimator to go by, or None, and a sentence that says why.

    The estimators stand by falling standard error; the last that is within a standard error of all before it is taken
    (Lepski's principle, see `estimators.slope`).  DM takes no part: its standard error leaves out that its model may be
    wrong.  Estimators of whole slates take none either, but where they disagree with what was taken, slots do not
    stand for themselves, and self-normalised slate IPS is taken.
    """
    known = {name: (e.value, e.standard_error) for name, e in estimates.items() if name in _CANDIDATES}
    points = {name: (v, se) for name, (v, se) in known.items() if v is not None and se is not None}
    if verdict == INVALID or n_users < 2 or not points:
        return None, "No estimate is recommended: this log cannot value this target."
    order = sorted(points, key=lambda name: -points[name][1])
    taken = slope.choose([points[name][0] for name in order], [points[name][1] for name in order])
    name = order[taken]
    of_slates = estimates.get("slate_snips")
    if of_slates is not None and of_slates.value is not None and _apart(of_slates, estimates[name]):
        return "slate_snips", (
            f"Go by slate_snips: it disagrees with {name} ({of_slates.value:.4g} against {points[name][0]:.4g}), so the"
            " items of a slate act on each other, and only whole slates can be weighed."
        )
    why = f"Go by {name}: of the {len(order)} estimators whose bias can be told, its standard error, "
    why += f"{points[name][1]:.2g}, is the smallest"
    if taken == len(order) - 1:
        return name, f"{why}, and it agrees with all the others."
    narrower = " and ".join(order[taken + 1 :][:3])
    return name, f"{why} that agrees with all wider ones; {narrower} would be narrower, and may be biased."


def _apart(one: Estimate, other: Estimate) -> bool:
    """Return whether two intervals do not meet."""
    ends = one.low, one.high, other.low, other.high
    if any(end is None for end in ends):
        return False
    assert one.low is not None
    assert one.high is not None
    assert other.low is not None
    assert other.high is not None
    return one.low > other.high or other.low > one.high
