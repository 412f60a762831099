"""Small logs, made with nothing but NumPy, whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter


@dataclass(frozen=True)
class StaticLog:
    """A log of users who never change.

    Attributes:
        path: its folder.
        rates: (L, M) probability of a click on each item at each position.
        epsilon: probability of a random slate under the logging policy; else it shows items 0 and 1.
    """

    path: Path
    rates: np.ndarray
    epsilon: float


def write_static_log(path, *, n_users=60, n_days=4, n_items=8, epsilon=0.4, seed=0, flat=False):
    """Write a log of slates of 2: with probability epsilon at random, else items 0 and 1.  `flat`: all are worth .3."""
    rng = np.random.default_rng(seed)
    rates = np.stack([np.linspace(0.6, 0.1, n_items), np.linspace(0.5, 0.05, n_items)])
    rates = np.full_like(rates, 0.3) if flat else rates
    items = Items(np.arange(n_items, dtype=np.int32) % 3, np.zeros(n_items, dtype=np.int32))
    writer = LogWriter(path)
    for day in range(n_days):
        for visit in range(2):
            users = np.flatnonzero(rng.random(n_users) < 0.7).astype(np.int64)
            random = rng.random(len(users)) < epsilon
            shown = np.tile([0, 1], (len(users), 1))
            for row in np.flatnonzero(random):
                shown[row] = rng.choice(n_items, 2, replace=False)
            propensity = (1 - epsilon) * (shown == [0, 1]) + epsilon / n_items
            whole = (1 - epsilon) * (shown == [0, 1]).all(axis=1) + epsilon / (n_items * (n_items - 1))
            clicked = rng.random(shown.shape) < rates[np.arange(2), shown]
            visits = Visits(users, day, np.full(len(users), visit, np.int32), np.ones(n_items, dtype=bool))
            writer.append(visits, Slates(shown, propensity, whole, random), Feedback(clicked))
    ids = np.arange(n_users)
    days = {"first_day": ids * 0, "last_day": ids * 0 + n_days - 1}
    users_table = pa.table({"user_id": ids, "cohort": ["all"] * n_users, **days, "censored": [True] * n_users})
    meta = LogMeta("static", ("two",), 2, n_days, key=7, propensity_floor=epsilon / n_items)
    writer.close(meta, users_table, items)
    return StaticLog(path, rates, epsilon)


@pytest.fixture
def static_log(tmp_path):
    """Return a small log of users who never change."""
    return write_static_log(tmp_path / "log")


@pytest.fixture
def write_log():
    """Return the function that writes such a log."""
    return write_static_log
