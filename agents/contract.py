"""What every agent must keep to, as a call that names what is broken and the likely cause."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.agents.own import AgentError, card_of
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_USERS, N_ITEMS, N_SLOTS, KEY = 24, 17, 3, 77


def check_agent(agent: Any, **settings: Any) -> None:
    """Let an agent serve a small site for some days, in several ways that must come to the same.

    Args:
        agent: its class, what makes it, an instance, or its card.
        settings: what it is made with beyond items, slots and seed.

    Raises:
        AgentError: the first thing that is not as the contract asks, with the likely cause.

    Example:
        >>> import numpy as np, serendip
        >>> class Fixed(serendip.Agent):
        ...     def choose(self, visits, luck):
        ...         there = np.flatnonzero(visits.available)[: self.slate_size]
        ...         return np.tile(there, (len(visits), 1))
        >>> serendip.check_agent(Fixed)
    """
    topic = (np.arange(N_ITEMS) % 4).astype(np.int32)
    items = Items(topic, np.where(np.arange(N_ITEMS) == 5, 3, 0).astype(np.int32))
    card = card_of(agent, getattr(agent, "__name__", type(agent).__name__))
    first, second = (card.make(items, N_SLOTS, 3, **settings) for _ in range(2))
    for day in range(6):
        visits = _visits(items, day)
        slates = _served(first, visits, card.name)
        _same(slates, second.act(visits, KEY), card.name, "a second agent made alike", "a global random generator")
        _one_by_one(first, visits, slates, card.name)
        liked = (topic[slates.items] == visits.user_ids[:, None] % 4).astype(bool)
        feedback = Feedback(liked & (randomness.uniform(KEY, visits.user_ids[:, None], day, np.arange(N_SLOTS)) < 0.6))
        for one in (first, second):
            one.observe(visits, slates, feedback)
            if day % 2 == 1:
                one.update()


def _visits(items: Items, day: int) -> Visits:
    users = np.sort(randomness.generator(5, day).choice(N_USERS, 15, replace=False)).astype(np.int64) * 31 - 7
    return Visits(users, day, np.zeros(len(users), dtype=np.int32), items.available(day))


def _served(agent: Any, visits: Visits, name: str) -> Slates:
    """Return the agent's slates, once they are known to be what they say."""
    slates = agent.act(visits, KEY)
    shape = (len(visits), N_SLOTS)
    if slates.items.shape != shape or slates.propensities.shape != shape:
        raise AgentError(
            f"{name}.act gave items {slates.items.shape} and propensities {slates.propensities.shape}; expected {shape}"
        )
    if not visits.can_show(slates.items).all():
        raise AgentError(f"{name}.act shows an item that is not available; look at visits.available")
    if any(len(set(row)) < N_SLOTS for row in slates.items.tolist()):
        raise AgentError(f"{name}.act shows an item twice in one slate")
    if not ((slates.propensities > 0.0) & (slates.propensities <= 1.0)).all():
        raise AgentError(f"{name}.act gave a propensity that is not in (0, 1]; what was shown had some probability")
    again = agent.propensities(visits, slates, KEY)
    if not np.array_equal(again, slates.propensities):
        raise AgentError(f"{name}.propensities differ from those that act gave for the same slates and key")
    whole = _sum_at_first(agent, visits)
    if not np.allclose(whole, 1.0, rtol=0.0, atol=1e-9):
        raise AgentError(f"{name}: the propensities of all items at one position sum to {whole[0]:.6f}, not to 1")
    return slates


def _sum_at_first(agent: Any, visits: Visits) -> Any:
    """Return (B,) the sum over all items of their propensity at the first position."""
    total = np.zeros(len(visits))
    for item in range(N_ITEMS):
        others = [other for other in range(N_ITEMS) if other != item][: N_SLOTS - 1]
        shown = np.tile([item, *others], (len(visits), 1))
        slates = Slates(shown, np.ones(shown.shape), None, np.zeros(len(shown), dtype=bool))
        total += np.asarray(agent.propensities(visits, slates, KEY))[:, 0]
    return total


def _one_by_one(agent: Any, visits: Visits, slates: Slates, name: str) -> None:
    for row in range(len(visits)):
        one = agent.act(visits.rows(slice(row, row + 1)), KEY)
        _same(one, slates.rows(slice(row, row + 1)), name, "a visit by itself", "luck that depends on the batch")


def _same(one: Slates, other: Slates, name: str, what: str, cause: str) -> None:
    if not (np.array_equal(one.items, other.items) and np.array_equal(one.propensities, other.propensities)):
        raise AgentError(f"{name}: {what} is served otherwise; the likely cause is {cause} instead of `luck`")
