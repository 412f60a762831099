"""Dictionaries of logged feedback as the library `obp` has them, in and out, for people who come from there.

`obp` keeps an array of rounds by actions by positions for the target and for a reward model; from these are taken what
was shown, and the target's mean.  Neither function needs `obp` itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.slots import Slots
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints

_ROWS = 1 << 14  # rounds whose actions are looked at together


def from_obp(
    feedback: Mapping[str, Any], action_dist: Floats, estimated_rewards: Floats | None = None, users: Ints | None = None
) -> Slots:
    """Return the slots that estimators here take; give them to `Valuation.update`.

    Args:
        feedback: what `obp` calls bandit_feedback, with `action`, `reward`, `pscore` and, unless None, `position`.
        action_dist: (n, n_actions, len_list) the target's probability of each action.
        estimated_rewards: of the same shape, by a reward model; without it DM, DR and their kin are unknown.
        users: (n,) who; each round is a user of its own without it.

    Raises:
        DataError: a key is missing, a shape is another, or a propensity is not above 0 and at most 1.
    """
    missing = [key for key in ("action", "reward", "pscore") if feedback.get(key) is None]
    if missing:
        raise DataError(f"obp feedback: no {missing[0]!r}; it needs action, reward and pscore")
    action = np.asarray(feedback["action"]).astype(np.int64)
    reward, pscore = (np.asarray(feedback[key], dtype=np.float64) for key in ("reward", "pscore"))
    n = len(action)
    position = feedback.get("position")
    place = np.zeros(n, dtype=np.int64) if position is None else np.asarray(position).astype(np.int64)
    for name, values in (("action_dist", action_dist), ("estimated_rewards", estimated_rewards)):
        if values is not None and (values.ndim != 3 or len(values) != n):
            raise DataError(f"obp feedback: {name} is {values.shape}; it must be ({n}, n_actions, len_list)")
    if not ((pscore > 0.0) & (pscore <= 1.0)).all():
        row = int(np.flatnonzero(~((pscore > 0.0) & (pscore <= 1.0)))[0])
        raise DataError(f"obp feedback: round {row}: pscore is {pscore[row]:g}; allowed is above 0 and at most 1")
    rounds = np.arange(n)
    predicted, expected = (np.full(n, np.nan) for _ in range(2))
    if estimated_rewards is not None:
        predicted = estimated_rewards[rounds, action, place]
        for start in range(0, n, _ROWS):
            rows = rounds[start : start + _ROWS]
            chance, worth = (values[rows, :, place[rows]] for values in (action_dist, estimated_rewards))
            expected[rows] = np.einsum("na,na->n", chance, worth)
    who = rounds if users is None else users
    return Slots(who, reward, pscore, action_dist[rounds, action, place], predicted, expected)


def to_obp(source: Source) -> dict[str, Any]:
    """Return the log as a dictionary of the kind that `obp` takes; all of it is in memory then.

    The action context is the item's topic, as indicators; of users a log says who they are, not what they are like, so
    their context is a constant.
    """
    batches = list(source.batches())
    columns = ("item", "position", "reward", "propensity")
    if not batches:
        raise DataError(f"{source.path}: holds no slots; there is nothing to hand over")
    action, position, reward, pscore = (np.concatenate([getattr(b, name) for b in batches]) for name in columns)
    topic = source.items().topic
    return {
        "n_rounds": len(action),
        "n_actions": source.items().n_items,
        "action": action,
        "position": position,
        "reward": reward,
        "pscore": pscore,
        "context": np.ones((len(action), 1)),
        "action_context": np.eye(int(topic.max(initial=0)) + 1)[topic],
    }
