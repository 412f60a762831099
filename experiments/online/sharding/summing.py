"""What agents exchange where users are shared out: sums that add up over shards, and what is learned of the totals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from serendip.agents.beliefs.linear import Linear
from serendip.agents.beliefs.nothing import Nothing
from serendip.agents.beliefs.point import Point
from serendip.agents.beliefs.popularity import Popularity
from serendip.agents.beliefs.regressions import Regressions
from serendip.agents.models.ease import Ease, ease_weights
from serendip.agents.models.gram import gram
from serendip.agents.recommender import Recommender
from serendip.simulator.errors import SettingsError

Sums = Mapping[str, Any]


class Summing(Protocol):
    """How a belief learns from sums."""

    def sums(self, agent: Recommender) -> Sums:
        """Return what this shard's users add, as arrays of one shape in every shard."""
        ...

    def learn(self, agent: Recommender, total: Sums) -> None:
        """Learn from the sums of all shards."""
        ...


class OfNothing:
    """Chance learns nothing."""

    def sums(self, agent: Recommender) -> Sums:
        """Return nothing."""
        return {}

    def learn(self, agent: Recommender, total: Sums) -> None:
        """Learn nothing."""


class OfPopularity:
    """Users who clicked each item, counted."""

    def sums(self, agent: Recommender) -> Sums:
        """Return (M,) how many of this shard's users ever clicked each item."""
        clicked = agent.history.clicks.matrix(agent.history.n_users).indices
        return {"n_users": np.bincount(clicked, minlength=agent.items.n_items)}

    def learn(self, agent: Recommender, total: Sums) -> None:
        """Believe in the counts."""
        agent.belief.restore({"n_users": total["n_users"].astype(np.float32)})


class OfEase:
    """The gram matrix of clicks X'X: whole numbers, so that the order of shards changes no bit."""

    def sums(self, agent: Recommender) -> Sums:
        """Return (M, M) how many of this shard's users clicked both items."""
        return {"gram": gram(agent.history.interactions().clicks, "float64")}

    def learn(self, agent: Recommender, total: Sums) -> None:
        """Work the weights out of the gram matrix of all, as each shard does by itself."""
        model: Any = agent.belief.model  # pyright: ignore[reportAttributeAccessIssue]
        counts = np.asfortranarray(total["gram"], dtype=model.settings.precision)
        model.restore({"weights": ease_weights(counts, model.settings.lam, overwrite=True)})


class OfLinear:
    """For each regression X'X, X'y, y'y and the number of new events; for each item clicks and times shown."""

    def sums(self, agent: Recommender) -> Sums:
        """Return (G, d, d), (G, d), (G,), (G,) of what came since the last update, and (M,), (M,) of all."""
        belief: Any = agent.belief
        n, d = belief.regressions.mean.shape[0], belief.features.n_features
        new = belief.events.take()
        of = new.items if n > 1 else np.zeros_like(new.items)
        x, y = new.x.astype(np.float64), new.y.astype(np.float64)
        products, right = np.zeros((n, d, d)), np.zeros((n, d))
        order = np.argsort(of, kind="stable")
        starts = np.searchsorted(of[order], np.arange(n + 1))
        for group in np.flatnonzero(np.diff(starts)).tolist():
            rows = order[starts[group] : starts[group + 1]]
            products[group], right[group] = x[rows].T @ x[rows], y[rows] @ x[rows]
        count = np.diff(starts).astype(np.float64)
        known = agent.history.clicks.item_totals, agent.history.exposures.item_totals
        squares = np.bincount(of, y * y, n)
        sums = {"products": products, "right": right, "squares": squares, "count": count}
        return sums | {"clicks": known[0].copy(), "shown": known[1].copy()}

    def learn(self, agent: Recommender, total: Sums) -> None:
        """Learn a block of events for each regression, and the items' click rates."""
        belief: Any = agent.belief
        _learn(belief.regressions, total)
        rate = (1.0 + total["clicks"]) / (4.0 + total["shown"])
        belief.features.restore({"rate": rate.astype(np.float32)})


def _learn(known: Regressions, total: Sums) -> None:
    """Learn from X'X, X'y, y'y and the number of events of each regression.  Bishop (2006), 3.50 and 3.51."""
    groups = np.flatnonzero(total["count"])
    before, mean = known.precision[groups], known.mean[groups, 0]
    held = np.matmul(before, mean[:, :, None])[:, :, 0]
    after, right = before + total["products"][groups], held + total["right"][groups]
    covariance = np.linalg.inv(after)
    covariance = 0.5 * (covariance + covariance.transpose(0, 2, 1))
    learned = np.matmul(covariance, right[:, :, None])[:, :, 0]
    left = total["squares"][groups] + (held * mean).sum(axis=1) - (right * learned).sum(axis=1)
    known.precision[groups], known.covariance[groups], known.mean[groups, 0] = after, covariance, learned
    known.shape[groups] += 0.5 * total["count"][groups]
    known.scale[groups] += 0.5 * np.maximum(left, 0.0)


def summing_of(agent: Any) -> Summing:
    """Return how `agent` learns from sums.

    Raises:
        SettingsError: it cannot.
    """
    belief = getattr(agent, "belief", None)
    if isinstance(belief, Point) and isinstance(belief.model, Ease):
        return OfEase()
    for kind, summing in ((Nothing, OfNothing), (Popularity, OfPopularity), (Linear, OfLinear)):
        if isinstance(belief, kind):
            return summing()
    name = agent.settings.name if isinstance(agent, Recommender) else type(agent).__name__
    raise SettingsError(
        f"agent {name!r} does not learn from sums, so that its users cannot be shared out; allowed are beliefs "
        "'nothing', 'popularity' and 'linear', and 'point' with the model 'ease'"
    )


def added(parts: list[Sums]) -> Sums:
    """Return the sums of all shards, added in their order."""
    return {name: sum(part[name] for part in parts[1:]) + parts[0][name] for name in parts[0]}
