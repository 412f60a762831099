"""Whether an estimate can be trusted, in one word, with reasons in words.

A word is a measured promise: the borders below are learned on one half of the situations of the gauntlet and shown on
the other (`serendip ope-study --gauntlet`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
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


@dataclass(frozen=True, slots=True)
class Borders:
    """Where a word changes.

    Attributes:
        weak_z: standard errors of the mean weight from 1 beyond which a log is weak.
        invalid_z: and invalid, where it is also `invalid_off` from 1.
        invalid_off: how far the mean weight is from 1 in an invalid log.
        weak_missing: share of the target that the log lacks, beyond chance, in a weak log.
        invalid_missing: share of the target that an invalid log lacks, beyond chance.
        weak_sample: effective slots below which a log is weak.
        invalid_sample: below which it is invalid.
        weak_users: effective users below which a log is weak.
        weak_share: effective users below which it is weak, as a share of all.
        users_tail: shape of the tail of users' slots (Hill), above which it is weak.
        rewards_tail: shape of the tail of rewards (generalised Pareto), above which it is weak.
        weights_tail: shape of the tail of weights (generalised Pareto) above which it is weak, in a small sample.
        weights_tail_sample: effective slots below which `weights_tail` counts.
        items_z: standard errors by which an item's propensities are off in a weak log.
        optimism: standard errors of the value that are luck of the items in a weak log.
        above: items that may stand above the target's favourites on average in a weak log, where they may be luck.
        above_share: and at most this share of the other items.
        favourites_luck: standard errors of the value that the favourites may owe to luck there.
        sooner: standard errors by which pauses are longer before days that brought more than after, in a weak log.
    """

    weak_z: float = 3.0
    invalid_z: float = 4.0
    invalid_off: float = 0.1
    weak_missing: float = 0.01
    invalid_missing: float = 0.1
    weak_sample: float = 30.0
    invalid_sample: float = 10.0
    weak_users: float = 15.0
    weak_share: float = 0.2
    users_tail: float = 0.45
    rewards_tail: float = 0.6
    weights_tail: float = 0.9
    weights_tail_sample: float = 300.0
    items_z: float = 5.0
    optimism: float = 0.6
    above: float = 1.0
    above_share: float = 0.07
    favourites_luck: float = 0.3
    sooner: float = 3.0


BORDERS = Borders()
Diagnostics = Mapping[str, float | None]
Finding = tuple[str, str] | None  # a word and a sentence
Check = Callable[[Diagnostics, Borders], Finding]


def judge(d: Diagnostics, borders: Borders = BORDERS) -> Verdict:
    """Return the verdict on importance weighting from its diagnostics.

    The mean weight is the test of validity: it is 1 if the propensities are right and all that the target shows is
    supported.  The effective sample size says how much data is left; it misleads alone, because a log that lacks the
    rare items altogether has the best one.
    """
    found = [finding for check in CHECKS if (finding := check(d, borders)) is not None]
    bad, poor = ([reason for word, reason in found if word == wanted] for wanted in (INVALID, WEAK))
    if bad:
        return Verdict(INVALID, bad + poor)
    if poor:
        return Verdict(WEAK, poor)
    ess, n, mean = (d[name] or 0.0 for name in ("effective_sample_size", "n_slots", "mean_weight"))
    return Verdict(RELIABLE, [f"The mean weight is {mean:.3f} and {ess:.0f} of {n:.0f} slots are left in effect."])


def _mean_weight(d: Diagnostics, b: Borders) -> Finding:
    mean, z = d["mean_weight"] or 0.0, d["mean_weight_z"]
    if z is None:
        return INVALID, "There is one user; how far the estimate may be off cannot be known from one."
    off = f"The mean weight is {mean:.3g} and should be 1 ({abs(z):.1f} standard errors away)"
    if abs(z) > b.invalid_z and abs(mean - 1.0) > b.invalid_off:
        return INVALID, f"{off}: propensities are wrong or missing."
    return (WEAK, f"{off}.") if abs(z) > b.weak_z else None


def _unsupported(d: Diagnostics, b: Borders) -> Finding:
    missing = d["unsupported_target_mass"] or 0.0
    if missing > b.weak_missing:
        sentence = f"{missing:.2g} of what the target shows, or more, is never shown by the log."
        return (INVALID if missing > b.invalid_missing else WEAK), sentence
    return None


def _sample(d: Diagnostics, b: Borders) -> Finding:
    ess, n = d["effective_sample_size"] or 0.0, d["n_slots"] or 0.0
    if ess < b.weak_sample:
        word = INVALID if ess < b.invalid_sample else WEAK
        return word, f"The weights leave an effective sample of {ess:.0f} of {n:.0f} slots."
    return None


def _weights_tail(d: Diagnostics, b: Borders) -> Finding:
    tail = d.get("weights_tail")
    if tail is not None and tail > b.weights_tail and (d["effective_sample_size"] or 0.0) < b.weights_tail_sample:
        return WEAK, f"The tail of the weights has the shape {tail:.2f}; above {b.weights_tail:g} no interval is right."
    return None


def _users(d: Diagnostics, b: Borders) -> Finding:
    users, effective = d["n_users"] or 0.0, d.get("effective_users")
    if d.get("rows_are_users"):
        return WEAK, (
            "There is no user column, so nobody can see which rows are of one user; where each row is a user of its"
            " own, bring a column that numbers them."
        )
    effective = users if effective is None else effective
    if users > 1 and effective < b.weak_users:
        return WEAK, f"There are {effective:.0f} users in effect; intervals over so few are too narrow."
    if effective < b.weak_share * users:
        return WEAK, f"A few users have most of the slots: {users:.0f} are worth {effective:.0f} with as many each."
    tail = d.get("users_tail")
    if tail is not None and tail > b.users_tail:
        return WEAK, f"The tail of the users' slots has the shape {tail:.2f}: the most active may be missing."
    return None


def _rewards(d: Diagnostics, b: Borders) -> Finding:
    if not d["n_rewarded"]:
        return INVALID, "No slot has both a reward and a weight; the log knows nothing of what the target is worth."
    tail = d.get("rewards_tail")
    if tail is not None and tail > b.rewards_tail:
        return WEAK, f"The tail of the rewards has the shape {tail:.2f}: the largest may be missing."
    return None


def _slates(d: Diagnostics, b: Borders) -> Finding:
    if (d.get("slate_size") or 1.0) < 2.0 or d.get("slates_hold"):
        return None
    mean = d.get("mean_slate_weight")
    if mean is None:
        return WEAK, "Slates have more than one slot and no probability; whether their items compete cannot be seen."
    return WEAK, (
        f"The log has too few of the target's slates (mean weight {mean:.2g}); whether items compete cannot be seen."
    )


def _value(d: Diagnostics, b: Borders) -> Finding:
    value, most = d.get("value"), d.get("most_a_slot")
    if value is not None and most is not None and value > most:
        return INVALID, f"The value is {value:.3g} a slot, but no slate of the log brought more than {most:.3g} a slot."
    return None


def _items(d: Diagnostics, b: Borders) -> Finding:
    small, large, z = d.get("propensities_too_small"), d.get("propensities_too_large"), d["mean_weight_z"] or 0.0
    if small is not None and small > b.items_z:
        return WEAK, f"An item is shown more often than its propensities say ({small:.1f} standard errors)."
    if large is not None and large > b.items_z and z < -2.0:
        return WEAK, f"An item is shown less often than its propensities say ({large:.1f} standard errors)."
    return None


def _optimism(d: Diagnostics, b: Borders) -> Finding:
    if d.get("trained_apart"):
        return None
    optimism = d.get("optimism")
    if optimism is not None and optimism > b.optimism:
        return WEAK, (
            f"The target prefers what was lucky in this log, by {optimism:.1f} standard errors: it seems to have been"
            " trained on it. Train it on other users than it is valued on, and say --trained-apart."
        )
    above, luck = d.get("above_favourites"), d.get("favourites_luck") or 0.0
    most = min(b.above, b.above_share * (d.get("beside_favourites") or 0.0))
    if above is not None and above <= most and luck > b.favourites_luck:
        return WEAK, (
            f"Wherever the target prefers an item, it was rewarded most in this very log; {luck:.1f} standard errors of"
            " that may be luck, if it was trained on it. If it was trained on other users, say --trained-apart."
        )
    return None


def moving(d: Diagnostics, b: Borders = BORDERS) -> bool:
    """Return whether users are seen to change with what they are shown."""
    return (d.get("sooner_after_rewards") or 0.0) > b.sooner


def _moving(d: Diagnostics, b: Borders) -> Finding:
    if moving(d, b):
        return WEAK, (
            f"Pauses are longer before days that brought more than after them ({d['sooner_after_rewards']:.0f} standard"
            " errors): users change with what they are shown. So this is the value in the states that the log's policy"
            " left them in, not that of the target's own run, which --outcome activity asks for."
        )
    return None


def _estimated(d: Diagnostics, b: Borders) -> Finding:
    return (WEAK, "Propensities are estimated, not logged.") if d.get("propensities_estimated") else None


CHECKS: tuple[Check, ...] = (
    *(_mean_weight, _unsupported, _sample, _weights_tail, _users, _rewards),
    *(_value, _slates, _items, _optimism, _moving, _estimated),
)


def z_score(mean: float, error: float, n_users: int) -> float | None:
    """Return by how many standard errors the mean weight differs from 1; None where that cannot be known.

    The standard error is what it would be if the mean were 1: a log that happened to miss some of its large weights has
    a smaller mean, and in proportion a smaller variance.
    """
    if n_users < 2:
        return None
    if error == 0.0 or not math.isfinite(error):
        return 0.0 if mean == 1.0 else math.copysign(1e6, mean - 1.0)
    return (mean - 1.0) / error * math.sqrt(max(mean, 0.0))
