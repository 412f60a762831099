"""The numbers that a verdict is made of, and what can be said of slates and of the largest weights."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.estimators import needs, title_of
from serendip.experiments.offline.further import FURTHER
from serendip.experiments.offline.intervals.sums import WEIGHT
from serendip.experiments.offline.judging.ledger import Ledger
from serendip.experiments.offline.judging.verdict import z_score
from serendip.experiments.offline.valuation import Valued
from serendip.experiments.offline.words import enumerated

_BY_CHANCE = 0.75  # standard errors that the mean reward of the target's first item may be above its own by chance


def diagnose(valued: Valued, unseen: float | None, floor: float, estimated: bool) -> dict[str, float | None]:
    """Return the diagnostics of a log's weights, users and rewards for a target, by name.

    Args:
        valued: the sums of the pass.
        unseen: the target's mean probability of items that the log never shows, or None.
        floor: smallest propensity that the logging policy gives anything; 0 where unknown.
        estimated: whether propensities are a model's.
    """
    mean, error = valued.mean_weight()
    weights, n_users, crowd = valued.weights, valued.moments.n_users, valued.crowd
    missing = _missing(mean, error)
    unsupported = missing if unseen is None else 0.0 if floor > 0.0 else min(unseen, missing)
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
        "weights_tail": weights.tail_shape(),
        "rewards_tail": valued.reward_tail,
        "least_overlap": min((tenth.effective_users / tenth.n_users for tenth in valued.tenths), default=None),
        "propensities_estimated": float(estimated),
        "n_users": float(n_users),
        "effective_users": None if crowd is None else crowd.effective,
        "users_tail": None if crowd is None else crowd.tail,
        "design_effect": _design_effect(valued),
        "serial_correlation": valued.serial.correlation(),
        "n_slots": float(weights.n),
        "n_rewarded": float(weights.n_rewarded),
    }


def _design_effect(valued: Valued) -> float | None:
    """Return the variance of SNIPS over users by what it would be if slots were independent; None without SNIPS."""
    if "snips" not in valued.names:
        return None
    e = valued.names.index("snips")
    total = float(valued.moments.sums[0, WEIGHT])
    value = float(valued.moments.sums[0, valued.columns.numerator[e]]) / total if total else 0.0
    alone = valued.serial.independent_variance(value)
    clustered = (float(valued.errors()[e]) * total) ** 2
    return clustered / alone if alone > 0.0 and np.isfinite(clustered) else None


def _missing(mean: float, error: float) -> float:
    """Return how much of the target the log lacks for certain: what is left of 1 beyond three standard errors."""
    return max(1.0 - mean - 3.0 * error / max(mean, 1e-9) ** 0.5, 0.0)


def of_items(ledger: Ledger | None, valued: Valued) -> dict[str, float | None]:
    """Return the diagnostics of items and slates; None where they were not read."""
    off = None if ledger is None else ledger.off()
    likes = None if ledger is None else ledger.favourites()
    return {
        "propensities_too_small": None if off is None else off[0],
        "propensities_too_large": None if off is None else off[1],
        "optimism": None if ledger is None else _optimism(ledger, valued),
        "above_favourites": None if likes is None else likes[0],
        "beside_favourites": None if likes is None else likes[1],
        "favourites_luck": None if likes is None else likes[2],
        "sooner_after_rewards": None if ledger is None else ledger.returns.sooner(),
        "most_a_slot": None if ledger is None else ledger.most_a_slot(),
    }


def _optimism(ledger: Ledger, valued: Valued) -> float | None:
    """Return the luck of the items that the target likes, in standard errors of SNIPS; 0 where it may be chance."""
    luck = ledger.optimism()
    if luck is None or "snips" not in valued.names:
        return None
    error = float(valued.errors()[valued.names.index("snips")])
    return luck[0] / error if error > 0.0 and luck[0] > _BY_CHANCE * luck[1] else 0.0


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
