"""What a step is worth: clicks now, visits that come of it, or whatever a function makes of what the step brought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from serendip.simulator.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Brought:
    """What a step brought.

    Attributes:
        clicks: clicks on what was shown.
        visits: days with a visit that begin with this step's end; of a population, users who come that day.
        days: days that passed until then.
    """

    clicks: int
    visits: int
    days: int


Reward = Callable[[Brought], float]


def _clicks(brought: Brought) -> float:
    return float(brought.clicks)


def _visits(brought: Brought) -> float:
    return float(brought.visits)


REWARDS: dict[str, Reward] = {"clicks": _clicks, "visits": _visits}


def make_reward(reward: str | Reward) -> Reward:
    """Return the reward by its name, or a function of what a step brought as it is.

    `clicks` are those on the slate.  `visits` are what retention is about: that a user comes back on another day, which
    is earned by all that was shown before, so that it comes late.

    Raises:
        SettingsError: there is no reward of that name, and it is no function.
    """
    found: Any = REWARDS.get(reward) if isinstance(reward, str) else reward
    if not callable(found):
        raise SettingsError(f"reward is {reward!r}; allowed are {', '.join(REWARDS)}, or a function of `Brought`")
    return cast("Reward", found)
