"""Right logs of many kinds, as rows in memory: loggers whose propensities are known, and rarely explore."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from serendip.experiments.offline.judging.audit.rows import Rows, blocks, with_floor
from serendip.simulator.interface import Items

KINDS = ("greedy", "popular", "ensemble", "thompson")


@dataclasses.dataclass(frozen=True)
class Logger:
    """What a log is made by; `kind` is one of KINDS."""

    kind: str
    n_items: int
    n_places: int
    n_users: int
    n_days: int
    epsilon: float
    says_floor: bool


@pytest.fixture
def any_logger():
    """Return the function that draws a logger."""
    return _any_logger


@pytest.fixture
def right_log():
    """Return the function that makes a right log's rows of a logger."""
    return _right_log


@pytest.fixture
def logger():
    """Return what makes a logger."""
    return Logger


def _any_logger(rng):
    """Return a logger of a random kind and size."""
    return Logger(
        kind=str(rng.choice(KINDS)),
        n_items=int(rng.choice([8, 20, 64, 200])),
        n_places=int(rng.choice([1, 3])),
        n_users=int(rng.choice([20, 60, 150])),
        n_days=int(rng.choice([2, 8, 20])),
        epsilon=float(rng.choice([0.0005, 0.002, 0.01, 0.05, 0.2])),
        says_floor=bool(rng.random() < 0.7),
    )


def _right_log(rng, logger):
    """Return the rows of a log whose propensities are exact."""
    m, places, eps = logger.n_items, logger.n_places, logger.epsilon
    taste = rng.normal(0, 1, (logger.n_users, m)) + rng.normal(0, 1, m)
    members = rng.normal(0, 1, (8, m))
    parts = []
    for day in range(logger.n_days):
        for visit in range(int(rng.integers(1, 3))):
            users = np.flatnonzero(rng.random(logger.n_users) < 0.5)
            if not len(users):
                continue
            candidates = _candidates(rng, logger, taste, members, users)  # (n, S, L)
            n = len(users)
            played = candidates[np.arange(n), rng.integers(0, candidates.shape[1], n)]
            random = np.argsort(rng.random((n, m)), axis=1)[:, :places]
            shown = np.where(rng.random((n, 1)) < eps, random, played)
            same = candidates == shown[:, None, :]
            propensity = (1 - eps) * same.mean(axis=1) + eps / m
            whole = (1 - eps) * same.all(axis=2).mean(axis=1) + eps / np.prod(m - np.arange(places))
            size = n * places
            when = np.full(size, day), np.full(size, visit), np.tile(np.arange(places), n)
            each = np.repeat(users, places), *when, shown.ravel(), propensity.ravel(), np.repeat(whole, places)
            parts.append(each)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    none = np.zeros(len(columns[0]), dtype=np.int64)
    items = Items(np.zeros(m, np.int32), np.zeros(m, np.int32))
    block = blocks(columns[0], columns[1])
    floor = eps / m if logger.says_floor else 0.0
    rows = Rows(*columns, none, columns[1] // 5, block, items, (logger.kind,), floor, 1.0)
    return rows if logger.says_floor else with_floor(rows)


def _candidates(rng, logger, taste, members, users):
    """Return (n, S, L) slates of which one is played."""
    m, places = logger.n_items, logger.n_places
    if logger.kind == "greedy":
        return np.argsort(-taste[users], axis=1)[:, None, :places]
    if logger.kind == "popular":
        return np.broadcast_to(np.argsort(-taste.mean(axis=0))[:places], (len(users), 1, places))
    if logger.kind == "ensemble":
        scores = taste[users][:, None, :] + members
    else:
        scores = taste[users][:, None, :] + rng.normal(0, 0.7, (len(users), 8, m))
    return np.argsort(-scores, axis=2)[:, :, :places]
