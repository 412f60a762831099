"""What is measured each day, per group of base activity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from serendip.simulator.dynamics import State
from serendip.simulator.interface import Bools, Ints
from serendip.simulator.logs.schema import Table
from serendip.simulator.oracle.truth import Packed, liked_topics, look
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.world import World

COUNTS = ("users", "visitors", "slates", "clicks", "alive", "liked_known", "breadth", "discoveries")


class DailyMeasures:
    """Counts per day and group; `table` has one row for each.

    users: who have arrived; visitors: who came that day (daily active users); slates and clicks: that day's; alive:
    who have not left by the evening; liked_known: liked topics known, summed over the living; breadth: repertoire
    summed over the living, in topics; discoveries: liked topics that became known that day.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups = world.groups
        self._liked = Packed(liked_topics(world))
        self._known = look(world, world.start(), self._liked).liked_known
        self._days = list[dict[str, Any]]()
        self._today = dict[str, Any]()

    def came(self, users: Ints) -> None:
        """Begin a day with its visitors (B,)."""
        self._today = {name: np.zeros(len(ACTIVITY_GROUPS)) for name in COUNTS}
        self._count("visitors", self._groups[users])

    def saw(self, users: Ints, clicked: Bools) -> None:
        """Count a round of slates shown to `users` (B,) and the clicks (B, L)."""
        self._count("slates", self._groups[users])
        self._count("clicks", np.repeat(self._groups[users], clicked.sum(axis=1)))

    def night(self, state: State, day: int) -> None:
        """Look at the hidden state and end the day."""
        truth = look(self._world, state, self._liked)
        arrived = np.asarray(self._world.people.first_day) <= day
        living = truth.alive & arrived
        groups = self._groups
        self._count("users", groups[arrived])
        self._count("alive", groups[living])
        self._count("liked_known", groups[living], truth.liked_known[living])
        self._count("breadth", groups[living], truth.breadth[living])
        self._count("discoveries", groups, np.maximum(truth.liked_known - self._known, 0.0))
        self._known = truth.liked_known
        self._days.append(self._today)

    def table(self) -> Table:
        """Return one row per day and group."""
        n_groups = len(ACTIVITY_GROUPS)
        columns: dict[str, Any] = {
            "day": np.repeat(np.arange(len(self._days), dtype=np.int32), n_groups),
            "group": list(ACTIVITY_GROUPS) * len(self._days),
        }
        for name in COUNTS:
            columns[name] = np.concatenate([day[name] for day in self._days]) if self._days else np.empty(0)
        return pa.table(columns)

    def _count(self, name: str, groups: Any, weights: Any = None) -> None:
        self._today[name] += np.bincount(groups, weights, len(ACTIVITY_GROUPS))
