"""From the slots of a log and what users like to the course of their moods and discoveries."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.choices import Choices, Trials, tastes
from serendip.simulator.calibration.from_logs.visits import Course, Lesson
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.interface import Bools, Floats, Ints

LIKED_UTILITY = 1.0  # the mean taste for a liked topic is put here, as it is in the preset worlds
FAMILIARITY = 0.75  # of a topic that was clicked before the first day: the mean of what the preset worlds draw


def follow(
    slots: dict[str, Any],
    trials: Trials,
    choices: Choices,
    appeal: Floats,
    first: Ints,
    known: Bools,
    n_days: int,
    given: Repertoire,
) -> Course:
    """Return the course of n users, numbered from 0 in `slots`.

    The worth of each click, g = 2 sigma(theta + q) - 1, is its mean over the taste that the user's whole log leaves
    likely, and so is max(g, 0), from which users learn.

    Args:
        slots: columns of the logged slots, by name.
        trials: the slots as trials of the choice model.
        choices: how users choose, as fitted.
        appeal: (M,) log odds of the click rate of each item, less the mean of its topic.
        first: (n,) day of arrival.
        known: (n, K) topics that were clicked before the first day.
        n_days: days of the log.
        given: dynamics whose settings hold as they are.
    """
    clicked = np.flatnonzero(slots["clicked"] > 0.0)
    worth = _worth(slots, trials, choices, appeal, clicked, known.shape)
    return course_of(slots, clicked, worth, first, FAMILIARITY * known.astype(np.float64), n_days, given)


def course_of(
    slots: dict[str, Any],
    clicked: Ints,
    worth_of: tuple[Floats, Floats],
    first: Ints,
    known: Floats,
    n_days: int,
    given: Repertoire,
) -> Course:
    """Return the course of n users, given what their clicks were worth.

    Args:
        slots: what was shown, as columns.
        clicked: (c,) the slots that were clicked.
        worth_of: (c,) the expected g and max(g, 0) of each.
        first: (n,) day of arrival.
        known: (n, K) repertoire on the first day.
        n_days: days of the log.
        given: dynamics whose other settings hold.
    """
    gain, gain_above = worth_of
    n_slates = int(slots["slate"].max()) + 1
    one = np.unique(slots["slate"], return_index=True)[1]
    user, day, visit = (slots[name][one] for name in ("user", "day", "visit"))
    n_clicks = np.bincount(slots["slate"][clicked], minlength=n_slates)
    worth = np.bincount(slots["slate"][clicked], gain, n_slates) / np.maximum(n_clicks, 1)
    worth = np.where(n_clicks > 0, worth, -given.disappointment)
    came = np.zeros((len(known), n_days), dtype=bool)
    came[user, day] = True
    mood = _moods(user, day, visit, worth, came.shape, given.satisfaction_step)
    lessons = _lessons(slots, clicked, given.learning * gain_above)
    return Course(came, first, mood, known, lessons, given)


def _worth(
    slots: dict[str, Any], trials: Trials, choices: Choices, appeal: Floats, clicked: Ints, shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Return the expected g and max(g, 0) of each slot in `clicked`; `shape` is that of users and topics."""
    grid, weight = tastes(choices, trials)
    row = np.full(shape, -1)
    row[trials.user, trials.topic] = np.arange(len(trials.user))
    at = row[slots["user"][clicked], slots["topic"][clicked]]
    utility = grid - choices.liked + LIKED_UTILITY
    gain = np.tanh(0.5 * (utility + choices.quality_scale * appeal[slots["item"][clicked]][:, None]))
    return (weight[at] * gain).sum(axis=1), (weight[at] * np.maximum(gain, 0.0)).sum(axis=1)


def _moods(user: Ints, day: Ints, visit: Ints, worth: Floats, shape: tuple[int, int], step: float) -> Floats:
    """Return (n, D) satisfaction in the evening, from the `worth` of slates: s += step (g - s) after each."""
    mood, evenings = np.zeros(shape[0]), np.empty(shape)
    order = np.lexsort((visit, day))
    cuts = np.flatnonzero((np.diff(day[order]) != 0) | (np.diff(visit[order]) != 0)) + 1
    rounds = {(int(day[some[0]]), int(visit[some[0]])): some for some in np.split(order, cuts)}
    most = int(visit.max()) + 1
    for today in range(shape[1]):
        for number in range(most):
            some = rounds.get((today, number))
            if some is not None:
                mood[user[some]] += step * (worth[some] - mood[user[some]])
        evenings[:, today] = mood
    return evenings


def _lessons(slots: dict[str, Any], clicked: Ints, learnt: Floats) -> list[Lesson]:
    """Return the lessons in the slots `clicked`, in order of time; no user stands twice in one."""
    order = np.lexsort(tuple(slots[name][clicked] for name in ("position", "visit", "day")))
    moments = np.stack([slots[name][clicked[order]] for name in ("day", "visit", "position")])
    cuts = np.flatnonzero((np.diff(moments, axis=1) != 0).any(axis=0)) + 1
    return [
        Lesson(
            int(slots["day"][clicked[some[0]]]),
            slots["user"][clicked[some]],
            slots["topic"][clicked[some]],
            learnt[some],
        )
        for some in np.split(order, cuts)
        if len(some)
    ]
