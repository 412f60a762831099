"""What a policy may be said to be worth: by users that took no part in choosing it, and no more than can be paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from serendip.agents.recommender import Recommender
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.replay import rehearse
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.targets.target import AgentTarget
from serendip.simulator.interface import Floats, Ints

_NORMAL = 1.959963984540054
KEPT, LEAST = 0.8, 0.25  # share of a gain that is left once users meet the policy day after day: mostly, and at least
TIRES = 0.4  # how much less is mostly left of the gain of a policy that shows the same every time


@dataclass(frozen=True, slots=True)
class Seen:
    """n slates of users that took no part in any choice.

    Attributes:
        user: (n,) who.
        reward: (n, L) what came of each slot.
        weight: (n, L) chance of each slot's item at its position under the policy, over that under the log's.
        chance: (n, L) that chance itself.
    """

    user: Ints
    reward: Floats
    weight: Floats
    chance: Floats

    @property
    def competes(self) -> bool:
        """Whether the items of a slate compete for one click: no slate of the log was clicked twice."""
        return self.reward.shape[1] > 1 and bool(((self.reward > 0.0).sum(axis=1) <= 1).all())

    @property
    def repeats(self) -> float:
        """How sure the policy is of what it shows, in (0, 1]: the mean chance of an item that it shows."""
        return float((self.weight * self.chance).sum() / max(float(self.weight.sum()), 1e-12))


def seen_by(agent: Recommender, source: LogSource, users: Ints, seed: int) -> Seen:
    """Return the slates of `users` as the agent, which lives through the log without learning, would have weighed them.

    Args:
        agent: the policy; its memory is emptied, and filled by the log.
        source: the log.
        users: ids, in order.
        seed: of the policy's draws, where the log has no key.
    """
    agent.forget()
    policy = AgentTarget([agent], seed, source.slate_size, [])
    parts = list[tuple[Ints, Floats, Floats, Floats]]()
    for rehearsed in rehearse(policy, source):
        who = rehearsed.step.visits.user_ids
        rows = np.flatnonzero(np.isin(who, users))
        weight = rehearsed.weight[rows]
        parts.append((who[rows], rehearsed.step.reward[rows], weight, weight * rehearsed.step.propensity[rows]))
    user, reward, weight, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Seen(user, reward, weight, chance)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed of a policy, in reward per slot.

    Attributes:
        value: the policy's, with a 95% interval over users; where items compete, what is left of it when they do.
        gain: value of the policy less the log's.
        users_in_effect: Kish's effective number of users.
    """

    value: Estimate
    gain: Estimate
    users_in_effect: float


def claim(seen: Seen, most: float = 1.0) -> Claim:
    """Return what may be claimed.

    Weights by position take a slot's click to hang on its own item.  Where the items of a slate compete, a slate of
    better items takes clicks from itself: a slot that alone would be clicked with odds o is clicked with
    o / (1 + L o) among L of its kind.  And users tire of what they are shown day after day, of which the log, where
    everything was shown seldom, does not know: the value is the log's and `KEPT` of the rest, less for policies that
    always show the same, the lower end `LEAST` of it.  The upper end is what the weights say, but no more than a slate
    can be paid.

    Args:
        seen: slates of users that took no part in any choice.
        most: largest reward of a slot.
    """
    _, row = np.unique(seen.user, return_inverse=True)
    weight = seen.weight.sum(axis=1)
    total, earned = np.bincount(row, weight), np.bincount(row, (seen.weight * seen.reward).sum(axis=1))
    weight_sum = max(float(total.sum()), 1e-12)
    at, of_log = float(earned.sum() / weight_sum), float(seen.reward.mean())
    slope = (earned - at * total) / weight_sum
    users = len(slope)
    error = float(np.sqrt(np.sum(slope**2) * users / max(users - 1, 1)))
    effect = float(total.sum() ** 2 / max(float((total**2).sum()), 1e-12))
    error = error * float(np.sqrt(1.0 + 2.0 / max(effect, 1.0))) + 2.0 / max(effect, 1.0) * of_log
    low, high = max(at - _NORMAL * error, 0.0), min(at + _NORMAL * error, most)
    if seen.competes:
        n_slots = seen.reward.shape[1]
        cap = most / n_slots
        kept = KEPT - TIRES * seen.repeats
        low, at = (of_log + share * (shared(x, of_log, n_slots) - of_log) for share, x in ((LEAST, low), (kept, at)))
        high = max(min(high, cap), at)
    spread = (high - low) / (2.0 * _NORMAL)
    slots = np.bincount(row, np.full(len(row), float(seen.reward.shape[1])))
    of_users = np.bincount(row, seen.reward.sum(axis=1)) - of_log * slots
    luck = float(np.sqrt(np.sum(of_users**2))) / float(slots.sum())
    gain = Estimate(at - of_log, low - of_log - luck, high - of_log + luck, float(np.hypot(spread, luck)))
    return Claim(Estimate(at, low, high, spread), gain, effect)


def shared(alone: float, of_log: float, n_slots: int) -> float:
    """Return the reward per slot where all slots are like one that earned `alone` in slates that earned `of_log`."""
    room = max(1.0 - n_slots * of_log, 1e-3)
    rivals = (n_slots - 1) * of_log / room  # odds of the other slots of a logged slate
    odds = min(alone, 1.0 - 1e-6) * (1.0 + rivals) / (1.0 - min(alone, 1.0 - 1e-6))
    return odds / (1.0 + n_slots * odds)
