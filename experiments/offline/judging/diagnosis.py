"""The numbers that a verdict is made of, and what can be said of slates and of the largest weights."""

from __future__ import annotations

from serendip.experiments.offline.estimators import needs, title_of
from serendip.experiments.offline.further import FURTHER
from serendip.experiments.offline.judging.verdict import z_score
from serendip.experiments.offline.valuation import Valued
from serendip.experiments.offline.words import enumerated


def diagnose(
    valued: Valued, unseen: float | None, floor: float, drift: float | None, estimated: bool
) -> dict[str, float | None]:
    """Return the diagnostics of a log for a target, by name.

    Args:
        valued: the sums of the pass.
        unseen: the target's mean probability of items that the log never shows, or None.
        floor: smallest propensity that the logging policy gives anything; 0 where unknown.
        drift: of what the log shows, or None.
        estimated: whether propensities are a model's.
    """
    mean, error = valued.mean_weight()
    weights, n_users = valued.weights, valued.moments.n_users
    unsupported = max(1.0 - mean, 0.0) if unseen is None else 0.0 if floor > 0.0 else unseen
    return {
        "mean_weight": mean,
        "effective_sample_size": weights.effective_sample_size,
        "max_weight": weights.largest,
        "mean_weight_z": z_score(mean, error, n_users),
        "top_1_percent_share": weights.share_of_top(0.01),
        "unsupported_target_mass": unsupported,
        "unseen_target_mass": unseen,
        "mean_slate_weight": valued.further_means.get("slate_weight"),
        "tail_index": weights.tail_index(),
        "least_overlap": min((tenth.effective_users / tenth.n_users for tenth in valued.tenths), default=None),
        "drift": drift,
        "propensities_estimated": float(estimated),
        "n_users": float(n_users),
        "n_slots": float(weights.n),
        "n_rewarded": float(weights.n_rewarded),
    }


def of_slates(valued: Valued) -> list[str]:
    """Return why estimators are left out whose weights are not 1 on average: the log has too little of the target."""
    found = list[str]()
    for need, mean in valued.unmeasured().items():
        names = [title_of(name) for name in valued.names[:-1] if need in needs([name])]
        if names:
            verb = "is" if len(names) == 1 else "are"
            found.append(
                f"{enumerated(names)} {verb} left out: the mean {FURTHER[need].weighs} is {mean:.2g} and should be 1,"
                f" so the log has too few of the target's {FURTHER[need].shown}."
            )
    return found


def largest_weights(clips: dict[str, float], floor: float) -> dict[str, float]:
    """Return how large the weights of an estimator can be, of those for which that is known."""
    return clips | ({"ips": 1.0 / floor} if floor > 0.0 else {})


def range_of(valued: Valued) -> tuple[float, float]:
    """Return where rewards can lie when nothing is declared: 0 to 1, or all that was seen."""
    low, high = valued.reward_range
    return min(low, 0.0), max(high, 1.0)
