"""A log made into users and days: the target lives through it, and what it would have changed is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.offline.long_term.clicks import Slots, predict
from serendip.experiments.offline.long_term.days import Days
from serendip.experiments.offline.long_term.replay import Rehearsed, Watched, rehearse
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.targets.target import AgentTarget
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Bools, Floats, Ints
from serendip.simulator.logs import open_log

_RECENT, _BREADTH, _RATE = 6, 5, 3  # levels of recent activity, breadth, rate so far: the tabular state


def user_days(log: Path, policy: AgentTarget, progress: Callable[[int], None] | None = None) -> Days:
    """Return the log as users and days: each day weighed by all that was shown on it, and what it brought the user.

    A day's weight is 1 + sum (w - 1) over its slots: exact for one slot, to first order for more, and without the
    product whose variance grows with every slot.  A day brings slates, clicks, and clicks on topics never clicked
    before; what the target would have brought is what the day brought, plus what a click model says of the target's
    slates less what it says of the logged ones.

    Args:
        log: a log's folder.
        policy: the target.
        progress: called with the slots done.

    Raises:
        DataError: fewer than two users came.
    """
    users, record = _begin(log)
    done = 0
    for rehearsed in rehearse(policy, LogSource(log)):
        record.add(rehearsed, np.searchsorted(users, rehearsed.step.visits.user_ids))
        done += rehearsed.weight.size
        if progress:
            progress(done)
    n_came = int(record.visited.any(axis=1).sum())
    if n_came < 2:
        raise DataError(f"{log}: {n_came} of {len(users)} users came; activity needs two of them and more")
    days = _whole(users, record)
    brought, expected = record.mediators(policy.seed, users)
    return dataclasses.replace(days, brought=brought, expected=expected)


def logged_days(log: Path) -> Days:
    """Return the log as users and days, as they were: every weight is 1."""
    users, record = _begin(log)
    for step in LogSource(log).steps():
        rehearsed = Rehearsed(step, np.ones(step.items.shape), step.items)
        record.add(rehearsed, np.searchsorted(users, step.visits.user_ids))
    return _whole(users, record)


def _begin(log: Path) -> tuple[Ints, _Record]:
    """Return the users in order, and a record that has seen what they did before the log began."""
    source, opened = LogSource(log), open_log(log)
    users = np.sort(opened.users()["user_id"].to_numpy())
    record = _Record.of((len(users), opened.meta.n_days), np.asarray(source.items().topic, dtype=np.int64))
    for step in source.before():
        record.watched.saw(np.searchsorted(users, step.visits.user_ids), step.items, step.clicked, organic=True)
    return users, record


def _whole(users: Ints, record: _Record) -> Days:
    """Return the record as users and days, with a tabular state of the columns' quantiles."""
    columns = record.finish()
    state = np.zeros(columns.shape[:2], dtype=np.int64)
    for column, n in ((0, _RECENT), (4, _BREADTH), (2, _RATE)):
        state = state * n + _levels(columns[:, :, column], n)
    return Days(users, record.visited, record.weight, state, _RECENT * _BREADTH * _RATE, columns)


@dataclass
class _Record:
    """What is kept of a rehearsal."""

    watched: Watched
    shown: Slots
    drawn: Slots
    visited: Bools
    weight: Floats
    mornings: list[Floats] = field(default_factory=list[Floats])
    rounds: list[tuple[Ints, Ints, Bools, Bools, Bools]] = field(default_factory=list[Any])

    @classmethod
    def of(cls, shape: tuple[int, int], topic: Ints) -> _Record:
        """Return an empty record of (U, T) users and days."""
        return cls(Watched(shape[0], topic), Slots(topic), Slots(topic), np.zeros(shape, dtype=bool), np.ones(shape))

    def add(self, rehearsed: Rehearsed, users: Ints) -> None:
        """Take in a round of slates for the rows `users` (B,)."""
        step = rehearsed.step
        self._until(step.visits.day)
        self.visited[users, step.visits.day] = True
        self.weight[users, step.visits.day] += (rehearsed.weight - 1.0).sum(axis=1)
        self.shown.add(users, step.items, self.watched)
        self.drawn.add(users, rehearsed.drawn, self.watched)
        news = (self.watched.clicks[users[:, None], self.shown.topic[i]] == 0.0 for i in (step.items, rehearsed.drawn))
        self.rounds.append((users, np.full(len(users), step.visits.day), step.clicked, *news))
        self.watched.saw(users, step.items, step.clicked)

    def _until(self, day: int) -> None:
        """Let nights pass until the morning of `day`."""
        while len(self.mornings) <= day:
            if self.mornings:
                self.watched.night()
            self.mornings.append(self.watched.morning())

    def finish(self) -> Floats:
        """Return (U, T + 1, F) what was known on each morning."""
        self._until(self.visited.shape[1])
        return np.stack(self.mornings, axis=1)

    def mediators(self, seed: int, user_ids: Ints) -> tuple[Floats, Floats]:
        """Return (U, T, 3) slates, clicks and clicks on new topics: of each day, and expected under the target."""
        users, day, clicked, new, newly = (np.concatenate(columns) for columns in zip(*self.rounds, strict=True))
        chance, drawn = predict(self.shown, clicked.astype(np.float64), self.drawn, seed, user_ids)
        once = np.ones(len(users))
        brought: Floats = np.zeros((*self.visited.shape, 3))
        expected: Floats = np.zeros_like(brought)
        realised = once, clicked.sum(axis=1), (clicked & new).sum(axis=1)
        added = 0.0 * once, (drawn - chance).sum(axis=1), (drawn * newly - chance * new).sum(axis=1)
        for j in range(3):
            np.add.at(brought[:, :, j], (users, day), realised[j])
            np.add.at(expected[:, :, j], (users, day), realised[j] + added[j])
        return brought, expected


def _levels(values: Floats, n: int) -> Ints:
    """Return which of n quantiles each value is in."""
    return np.searchsorted(np.quantile(values, np.arange(1, n) / n), values, side="right")
