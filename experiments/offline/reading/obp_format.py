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
        DataError: a key is missing, a length or a shape is another, an action or a position is not one of those that
            `action_dist` has, a reward or a prediction is not finite, a propensity is not above 0 and at most 1, or the
            target's probabilities are not such, or do not sum to 1.
    """
    action, reward, pscore, place = _checked(feedback, action_dist, estimated_rewards, users)
    n = len(action)
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


def _checked(
    feedback: Mapping[str, Any], action_dist: Floats, estimated_rewards: Floats | None, users: Ints | None
) -> tuple[Ints, Floats, Floats, Ints]:
    """Return actions, rewards, propensities and positions, all checked."""
    missing = [key for key in ("action", "reward", "pscore") if feedback.get(key) is None]
    if missing:
        raise DataError(f"obp feedback: no {missing[0]!r}; it needs action, reward and pscore")
    n = len(np.asarray(feedback["action"]))
    place = feedback.get("position")
    columns = {key: np.asarray(feedback[key], dtype=np.float64) for key in ("action", "reward", "pscore")}
    columns["position"] = np.zeros(n) if place is None else np.asarray(place, dtype=np.float64)
    for name, values in [*columns.items(), *([] if users is None else [("users", users)])]:
        if values.shape != (n,):
            raise DataError(f"obp feedback: {name} is {values.shape}; there are {n} actions, so it must be ({n},)")
    for name, values in (("action_dist", action_dist), ("estimated_rewards", estimated_rewards)):
        if values is not None and (values.ndim != 3 or len(values) != n or values.shape != action_dist.shape):
            raise DataError(f"obp feedback: {name} is {values.shape}; it must be ({n}, n_actions, len_list)")
    n_actions, n_places = action_dist.shape[1:]
    for name, size in (("action", n_actions), ("position", n_places)):
        values = columns[name]
        fine = (values == np.floor(values)) & (values >= 0) & (values < size)
        _allow(name, values, fine, f"a whole number from 0 to {size - 1}")
    _allow("reward", columns["reward"], np.isfinite(columns["reward"]), "a finite number")
    pscore = columns["pscore"]
    _allow("pscore", pscore, (pscore > 0.0) & (pscore <= 1.0), "above 0 and at most 1")
    if estimated_rewards is not None and not np.isfinite(estimated_rewards).all():
        raise DataError("obp feedback: estimated_rewards holds what is not a finite number")
    _allow_target(action_dist)
    return columns["action"].astype(np.int64), columns["reward"], pscore, columns["position"].astype(np.int64)


def _allow_target(action_dist: Floats) -> None:
    for start in range(0, len(action_dist), _ROWS):
        rows = action_dist[start : start + _ROWS]
        fine = ((rows >= 0.0) & (rows <= 1.0)).all(axis=(1, 2)) & (np.abs(rows.sum(axis=1) - 1.0) < 1e-6).all(axis=1)
        if not fine.all():
            bad = start + int(np.flatnonzero(~fine)[0])
            raise DataError(
                f"obp feedback: round {bad}: action_dist holds no probabilities that sum to 1 over the actions"
            )


def _allow(name: str, values: Floats, fine: Any, allowed: str) -> None:
    if not fine.all():
        row = int(np.flatnonzero(~fine)[0])
        raise DataError(f"obp feedback: round {row}: {name} is {values[row]:g}; allowed is {allowed}")


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
