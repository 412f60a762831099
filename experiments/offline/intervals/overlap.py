"""Whether a log says anything of all its users: weights by how active they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.simulator.interface import Floats

_N_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the users, by how many slots they were shown.

    Attributes:
        n_users: how many they are.
        slots_a_user: mean number of slots.
        mean_weight: mean weight of their slots; 1 if the propensities are right.
        effective_users: (sum_u W_u)^2 / sum_u W_u^2 with W_u a user's sum of weights: users that are left in effect.
    """

    n_users: int
    slots_a_user: float
    mean_weight: float
    effective_users: float


def by_activity(count: Floats, weight: Floats) -> list[Tenth]:
    """Return tenths of the users, from the least active on; fewer where there are fewer users.

    Args:
        count: (U,) slots of each user, in the order of their ids.
        weight: (U,) sum of their weights.
    """
    order = np.argsort(count, kind="stable")
    groups = [rows for rows in np.array_split(order, _N_GROUPS) if len(rows)]
    return [_tenth(count[rows], weight[rows]) for rows in groups]


def _tenth(count: Floats, weight: Floats) -> Tenth:
    total, squares = float(weight.sum()), float(weight @ weight)
    effective = total * total / squares if squares else 0.0
    return Tenth(len(count), float(count.mean()), total / float(count.sum()), effective)
