"""Which estimate to go by, and why: from self-normalised IPS on, as much help as still agrees with less."""

from __future__ import annotations

from collections.abc import Mapping

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging import slope
from serendip.experiments.offline.judging.verdict import INVALID, WEAK

_LADDER = ("snips", "sndr", "dr_os")  # weights alone; corrected by a model; with weights bent down too
_BENT = "dr_os"
_OTHERS = ("dr", "mrdr", "ips", "balanced_ips", "switch_dr", "subgaussian_ips", "clipped_ips")


def recommend(estimates: Mapping[str, Estimate], verdict: str, n_users: int) -> tuple[str | None, str]:
    """Return the estimator to go by, or None, and a sentence that says why.

    Of SNIPS, self-normalised DR and DR with shrinkage, in this order, the last that is within a standard error of those
    before it (Lepski's principle, see `estimators.slope`).  The order is fixed, for the estimators with the smallest
    standard errors are among others those that missed the large weights.  On a `weak` log bent weights leave much to
    the model, whose bias is in no interval: DR with shrinkage takes no part, as nowhere does what rests on a model or
    on topics alone (DM, MIPS, OffCEM).  Where self-normalised slate IPS disagrees with what was taken, slots do
    not stand for themselves, and it is taken.
    """
    points = {
        name: (e.value, e.standard_error)
        for name, e in estimates.items()
        if e.value is not None and e.standard_error is not None
    }
    if verdict == INVALID or n_users < 2:
        return None, "No estimate is recommended: this log cannot value this target."
    trusted = [name for name in _LADDER if not (verdict == WEAK and name == _BENT)]
    order = [name for name in trusted if name in points] or [name for name in _OTHERS if name in points][:1]
    if not order:
        return None, "No estimate is recommended: all that were asked for rest on what cannot be seen in the log."
    name = order[slope.choose([points[n][0] for n in order], [points[n][1] for n in order])]
    of_slates = estimates.get("slate_snips")
    if of_slates is not None and _apart(of_slates, estimates[name]):
        return "slate_snips", (
            f"Go by slate_snips: it disagrees with {name} ({of_slates.value:.4g} against {points[name][0]:.4g}), so the"
            " items of a slate act on each other, and only whole slates can be weighed."
        )
    bent = f"; {_BENT} leaves too much to the reward model on a weak log" if verdict == WEAK and _BENT in points else ""
    return name, f"{_why(name, order, points[name][1])}{bent}."


def _why(name: str, order: list[str], error: float) -> str:
    start, taken = f"Go by {name} (standard error {error:.2g})", order.index(name)
    if len(order) == 1:
        return f"{start}: of those asked for it takes least for granted"
    if taken == len(order) - 1:
        return f"{start}: it is helped most by the reward model, and within a standard error of {_and(order[:taken])}"
    reason = f"{order[taken + 1]}, which is helped more by the reward model, is more than a standard error off"
    return f"{start}: {reason}, so that the help may be bias"


def _and(names: list[str]) -> str:
    return " and ".join(names)


def _apart(one: Estimate, other: Estimate) -> bool:
    """Return whether two intervals are known and do not meet."""
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.low > other.high or other.low > one.high
