"""Posterior-predictive checks: is the data an unlikely draw from the fitted world?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.calibration.drawing import first_of_topic
from serendip.simulator.calibration.replicas import History
from serendip.simulator.interface import Floats, Ints

BREADTH_AT = np.array([1, 2, 4, 8, 16, 32, 64])  # positives after which topics are counted
RANKS = 60  # points of a curve over ranks


@dataclass(frozen=True, slots=True)
class Check:
    """One curve or number of the data against the same of replicas.

    Attributes:
        name: what is compared.
        x: (p,) where the curve is read.
        data: (p,) its values in the data.
        low: (p,) 5% quantile over the replicas.
        middle: (p,) median over the replicas.
        high: (p,) 95% quantile over the replicas.
        p_value: share of the replicas at least as far from their own middle as the data is, the data counted in; far
            is the mean over the curve of the distance in units of the band.  None where there is nothing to compare.
    """

    name: str
    x: Floats
    data: Floats
    low: Floats
    middle: Floats
    high: Floats
    p_value: float | None

    def line(self) -> str:
        """Return the check, at the middle of its curve, as a line of text."""
        at = len(self.x) // 2
        band = f"{self.low[at]:8.4g} to {self.high[at]:8.4g}"
        if self.p_value is None:
            return f"  {self.name:<20} could not be asked: there is nothing to compare, or nothing that could differ"
        return f"  {self.name:<20} data {self.data[at]:8.4g}   draws {band}   p {self.p_value:.2f}   off {self.off:.0%}"

    @property
    def off(self) -> float:
        """Largest distance of the data from the middle draw, as a share of the latter."""
        known = np.isfinite(self.data) & np.isfinite(self.middle) & (self.middle != 0.0)
        distance = np.abs(self.data[known] / self.middle[known] - 1.0)
        return float(distance.max()) if known.any() else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the check as plain JSON values."""
        arrays = {name: getattr(self, name) for name in ("x", "data", "low", "middle", "high")}
        curves = {name: [_json(v) for v in array] for name, array in arrays.items()}
        return curves | {"p_value": None if self.p_value is None else round(self.p_value, 4), "off": round(self.off, 4)}


def _json(value: Any) -> float | None:
    """Return a number with six digits, or None where there is none."""
    return round(float(value), 6) if np.isfinite(value) else None


def check(history: History, replicas: Iterable[History], topic: Ints, n_topics: int) -> tuple[Check, ...]:
    """Return every check of `history` against its replicas.

    Args:
        history: the positives of the data.
        replicas: histories drawn from the fitted world.
        topic: (M,) topic of each item.
        n_topics: number of topics.
    """
    observed = _curves(history, topic, n_topics)
    drawn = [_curves(replica, topic, n_topics) for replica in replicas]
    found = list[Check]()
    for name, (x, values) in observed.items():
        curves = np.stack([d[name][1] for d in drawn])
        low, middle, high = (_quantile(curves, q) for q in (0.05, 0.5, 0.95))
        distance = _distances(np.concatenate([[values], curves]), middle, high - low)
        known = np.isfinite(values) & np.isfinite(middle)
        can_differ = bool((known & ((high > low) | (values != middle))).any())
        p_value = (1.0 + float((distance[1:] >= distance[0]).sum())) / (1.0 + len(drawn)) if can_differ else None
        found.append(Check(name, x, values, low, middle, high, p_value))
    return tuple(found)


def _quantile(curves: Floats, q: float) -> Floats:
    """Return (p,) the quantile of each column of `curves`, NaN aside; NaN where nothing else stands."""
    known = np.isfinite(curves)
    filled = np.where(known.any(axis=0), curves, 0.0)
    return np.where(known.any(axis=0), np.nanquantile(filled, q, axis=0), np.nan)


def _distances(curves: Floats, middle: Floats, width: Floats) -> Floats:
    """Return (n,) mean distance of each curve from `middle`, in units of the replicas' band, over known points."""
    off = np.abs(curves - middle) / np.where(width > 0.0, width, 1.0)
    known = np.isfinite(off)
    return np.where(known, off, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def gini(counts: Floats) -> float:
    """Return the Gini coefficient of `counts`: 0 where all are equal, near 1 where one has everything."""
    ordered = np.sort(counts)
    n, total = len(ordered), float(ordered.sum())
    return float((2.0 * np.arange(1, n + 1) - n - 1.0) @ ordered / (n * total)) if total > 0.0 else 0.0


def _curves(history: History, topic: Ints, n_topics: int) -> dict[str, tuple[Floats, Floats]]:
    """Return every (x, values) that is compared."""
    n_people, n_items = len(history.people), len(history.kept)
    counts = np.bincount(history.item, minlength=n_items).astype(np.float64)
    breadth, repeats = _breadth(history, topic, n_topics)
    curves: dict[str, Callable[[], tuple[Floats, Floats]]] = {
        "item popularity": lambda: _popularity(counts),
        "item Gini": lambda: (np.zeros(1), np.array([gini(counts)])),
        "days active": lambda: _days_active(history, n_people),
        "gaps between visits": lambda: _gaps(history),
        "topic breadth": lambda: breadth,
        "topic repeat share": lambda: repeats,
    }
    return {name: curve() for name, curve in curves.items()}


def _popularity(counts: Floats) -> tuple[Floats, Floats]:
    """Return the share of all positives that items at a few ranks have."""
    rank: Ints = np.unique(np.geomspace(1, len(counts), RANKS).astype(np.int64))
    share = np.sort(counts)[::-1] / max(counts.sum(), 1.0)
    return rank.astype(np.float64), share[rank - 1]


def _days_active(history: History, n_people: int) -> tuple[Floats, Floats]:
    """Return the share of users with at least 1, 2, 4, ... days active."""
    days = np.bincount(history.visit_user, minlength=n_people)
    at: Floats = 2.0 ** np.arange(10, dtype=np.float64)
    return at, (days[:, None] >= at).mean(axis=0)


def _gaps(history: History) -> tuple[Floats, Floats]:
    """Return deciles of log10 of the days between one visit and the next."""
    gap = np.diff(history.visit_day)[np.diff(history.visit_user) == 0]
    at = np.arange(0.1, 0.95, 0.1)
    if len(gap) == 0:
        return at, np.full(len(at), np.nan)
    return at, np.quantile(np.log10(gap), at).astype(np.float64)


def _breadth(history: History, topic: Ints, n_topics: int) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return mean distinct topics after 1, 2, 4, ... positives, and the share of positives in a topic known by then."""
    topics = topic[history.item]
    new = first_of_topic(history.user, topics, n_topics)
    n_each = np.bincount(history.user)
    rank = np.arange(len(topics)) - np.repeat(np.cumsum(n_each) - n_each, n_each)
    seen, known = list[float](), list[float]()
    for n in BREADTH_AT:
        long = (n_each >= n)[history.user] & (rank < n)
        n_users = int((n_each >= n).sum())
        seen.append(new[long].sum() / n_users if n_users else np.nan)
        known.append(1.0 - seen[-1] / n)
    x = BREADTH_AT.astype(np.float64)
    return (x, np.array(seen)), (x, np.array(known))
