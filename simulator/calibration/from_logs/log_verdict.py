"""What a fit to a log is worth: what was fitted, what is assumed, what the log cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.choices import BOUNDS, Choices
from serendip.simulator.calibration.from_logs.visits import LEAST, MOST, Moves
from serendip.simulator.calibration.verdict import MIN_DAYS, MIN_POSITIVES, MIN_RETURNS, MIN_USERS, FitVerdict

LARGEST_ERROR = 0.5  # standard error, as a share of the value, from which a log does not say what a value is
EXAMINED = (0.05, 1.1)  # of examination, within which later positions are not looked at more but by chance
_RATES = ("shape", "scale days")
_NEAR = 1e-3  # of a border's width, within which a search has ended at it
ASSUMED = (
    "the mean taste for a liked topic (put at 1: tastes show only against each other and against clicking nothing)",
    "the scale of breadth, learning, satisfaction's step and of slates without a click (the default's)",
)


def lacking(slots: dict[str, Any], n_days: int) -> tuple[str, ...]:
    """Return why next to nothing can be fitted to the slots of a log of `n_days` days; nothing where enough can.

    Args:
        slots: columns of the slots, of which `user`, `day` and `clicked` are read.
        n_days: days that were observed.
    """
    user, day, clicked = slots["user"], slots["day"], slots["clicked"]
    n_users, n_clicks = len(np.unique(user)), int(clicked.sum())
    found = list[str]()
    if n_users < MIN_USERS or n_clicks < MIN_POSITIVES:
        found.append(
            f"tastes: {n_clicks:,} clicks of {n_users:,} users; at least {MIN_POSITIVES} and {MIN_USERS} are needed"
        )
    elif n_clicks == len(clicked):
        found.append("tastes: everything was clicked, so that nothing was liked more than anything else")
    days = np.unique(np.stack([user, day]), axis=1)[0]
    returns = int((np.unique(days, return_counts=True)[1] > 1).sum())
    if n_days < MIN_DAYS or returns < MIN_RETURNS:
        found.append(
            f"how often people come: {returns:,} of them on another day, within {n_days} days; at least {MIN_RETURNS} "
            f"and {MIN_DAYS} are needed"
        )
    return tuple(found)


def lost_choices(choices: Choices, examination: float) -> list[str]:
    """Return the names of what a log does not say of choices: where the search ended at a border of what can be.

    No satiation and no differences of quality are at a border, and can well be.  An examination of 1 to the last digit
    is that of a log without a pair of slots to compare.
    """
    at = [np.log(choices.liked_share / (1.0 - choices.liked_share)), np.log(choices.satiation_days)]
    values = [choices.liked, choices.other, np.log(choices.spread), at[0]]
    values += [choices.quality_scale, choices.satiation, at[1]]
    names = ("liked", "other", "spread", "liked_share", "quality_scale", "satiation", "satiation_days")
    found = list[str]()
    for name, value, (low, high) in zip(names, values, BOUNDS, strict=True):
        near = _NEAR * (high - low)
        below = value < low + near and name not in ("quality_scale", "satiation")
        if below or value > high - near:
            found.append(name)
    said = EXAMINED[0] <= examination <= EXAMINED[1] and examination != 1.0
    return found if said else [*found, "examination"]


def lost_moves(moves: Moves | None, errors: Moves | None) -> list[str]:
    """Return the names of what a log does not say of activity: errors of half or more, or a search at its border."""
    if moves is None or errors is None:
        return []
    names = moves.__slots__
    value, error = (np.array([float(getattr(one, name)) for name in names]) for one in (moves, errors))
    inside = (value > LEAST * 1.001) & (value < MOST / 1.001)
    return [name for name, known in zip(names, inside & (error < LARGEST_ERROR), strict=True) if not known]


def judge_log(lost: list[str], asked: tuple[str, ...], unidentified: tuple[str, ...]) -> FitVerdict:
    """Return what a fit to a log is worth.

    Args:
        lost: names of what the log could not say.
        asked: names of all that it was asked.
        unidentified: why next to nothing can be fitted, if that is so (see `lacking`).
    """
    kept = tuple(name.replace("_", " ") for name in asked if name not in lost)
    gone = [name.replace("_", " ") for name in lost]
    rates = [name for name in gone if name in _RATES]
    others = [name for name in gone if name not in _RATES]
    why = "an error of half of it or more, or the search ended at a border"
    assumed = list(ASSUMED)
    assumed += [f"{', '.join(rates)} ({why}): as if activity did not move"] if rates else []
    assumed += [f"{', '.join(others)} ({why}): the default's"] if others else []
    unasked = ("draws of the world against the log",)
    return FitVerdict(kept, tuple(assumed), unidentified, tuple(gone), unasked, len(asked))
