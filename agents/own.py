"""Agents of one's own: a class with three methods, to which the base class adds exact propensities.

An agent of one's own may also be any class that keeps the contract of `Agent` (`agents/agent.py`) and takes the items,
the slots of a slate and a seed.  It is known by its name once a person has named it, and never because a file does.
"""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from serendip.agents.beliefs.belief import Luck
from serendip.agents.cards import AgentCard
from serendip.agents.history import History
from serendip.agents.propensity import SlateMixture
from serendip.agents.saving import write_folder
from serendip.simulator import randomness
from serendip.simulator.errors import SerendipError, SettingsError
from serendip.simulator.interface import Feedback, Floats, Ints, Items, Slates, Visits
from serendip.simulator.settings_json import settings_to_json

_CLOSE = 1e-9  # how far the sum of probabilities may be from 1


class AgentError(SerendipError):
    """An agent of one's own gave what cannot be shown; the message says what, and the likely cause."""


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What is written down of an agent of one's own.

    Attributes:
        name: what it is called.
        settings: what it was made with, beyond items, slots and seed.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


class OwnAgent(ABC):
    """The base of an agent of one's own: say which slates, with which probability (`choose`); `observe`; `update`.

    Everything random must come from `luck`, whose numbers are hashes of who visits when, so that a batch of visits
    equals its visits one by one and propensities can be found again.

    Attributes:
        epsilon: how often a uniformly random slate is shown instead, a probability; with 0 what `choose` never shows
            has no propensity, and no other policy can be valued from the log.
        items: what the site knows of its catalogue.
        slate_size: slots L of a slate.
        seed: seed of all that is random in how it learns.
        history: what every user was shown and clicked (`history.clicks_of(visits.user_ids)`).
    """

    epsilon: float = 0.05

    def __init__(self, items: Items, slate_size: int, seed: int) -> None:
        self.items, self.slate_size, self.seed = items, slate_size, seed
        self.settings = OwnSettings(type(self).__name__)
        self.history = History(items.n_items)
        self.version = 0

    @abstractmethod
    def choose(self, visits: Visits, luck: Luck) -> Ints | tuple[Ints, Floats | None]:
        """Return the slates that may be shown to each of B visitors, and how probable each is.

        Args:
            visits: who is here, and which items can be shown (`visits.available`).
            luck: random numbers of these visits, such as `luck.normals(5)`, (B, 5).

        Returns:
            slates (B, L), each certain; or candidates (B, S, L) with probabilities (B, S), None for 1 / S each.
        """

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Remember what was shown and what was clicked, in `history`; who remembers more calls this and goes on."""
        self.history.append(visits, slates, feedback)

    def update(self) -> None:  # noqa: B027
        """Learn from all that was observed; nothing, unless a class says so."""

    def forget(self, history: History | None = None) -> None:
        """Remember `history` and nothing else of the users; what was learned stays.

        A class that remembers more than `history` of its users forgets that here too.
        """
        self.history = History(self.items.n_items) if history is None else history

    def mixture(self, visits: Visits, key: int) -> SlateMixture:
        """Return the distribution over slates that the agent plays from at each visit.

        Raises:
            AgentError: `choose` gave what cannot be shown.
        """
        found = self.choose(visits, Luck(randomness.derive(key, "hypothesis"), visits))
        items, weights = found if isinstance(found, tuple) else (found, None)
        candidates = np.asarray(items)
        candidates = candidates[:, None] if candidates.ndim == 2 else candidates
        self._check(candidates, weights, visits)
        return SlateMixture(candidates.astype(np.int64), weights, self.epsilon, visits.available)

    def act(self, visits: Visits, key: int) -> Slates:
        """Return a slate for each visit, with its exact propensities."""
        return self.mixture(visits, key).play(visits, key)

    def propensities(self, visits: Visits, slates: Slates, key: int) -> Floats:
        """Return (B, L) probability of each item at its position, for slates that someone else may have chosen."""
        return self.mixture(visits, key).at_position(slates.items)

    def save(self, path: Path) -> None:
        """Write what the agent is called and was made with to the folder `path`; its code stays where it is."""
        write_folder(path, {"own": True, "settings": settings_to_json(self.settings)}, {})

    def _check(self, candidates: Any, weights: Any, visits: Visits) -> None:
        """Raise an AgentError if these cannot be shown."""
        name, n = type(self).__name__, len(visits)
        if candidates.ndim != 3 or len(candidates) != n or candidates.shape[2] != self.slate_size:
            raise AgentError(
                f"{name}.choose returned slates of shape {candidates.shape}; expected ({n}, {self.slate_size}), or"
                f" ({n}, S, {self.slate_size}): a row for each visit"
            )
        if candidates.dtype.kind not in "iu":
            raise AgentError(f"{name}.choose returned {candidates.dtype}; expected whole numbers, the rows of items")
        if candidates.size and not (candidates.min() >= 0 and candidates.max() < visits.available.shape[-1]):
            raise AgentError(f"{name}.choose named an item outside 0 to {visits.available.shape[-1] - 1}")
        if not visits.can_show(candidates).all():
            raise AgentError(f"{name}.choose showed an item that is not available; look at visits.available")
        ordered = np.sort(candidates, axis=2)
        if (ordered[:, :, 1:] == ordered[:, :, :-1]).any():
            raise AgentError(f"{name}.choose showed an item twice in one slate")
        if weights is not None and (
            np.shape(weights) != candidates.shape[:2]
            or not (np.asarray(weights) >= 0.0).all()
            or not np.allclose(np.sum(weights, axis=1), 1.0, rtol=0.0, atol=_CLOSE)
        ):
            raise AgentError(
                f"{name}.choose returned probabilities that are none; expected {candidates.shape[:2]}, not negative, "
                "each row summing to 1"
            )


def card_of(found: Any, name: str) -> AgentCard:
    """Return the card of an agent of one's own by its class, what makes it, an instance, or its card.

    Args:
        found: one of these.
        name: what the agent is called, unless a card says so.

    Raises:
        SettingsError: it is none of these.
    """
    if isinstance(found, AgentCard):
        return found
    if inspect.isclass(found) or inspect.isfunction(found):
        about = (inspect.getdoc(found) or "An agent of one's own.").partition("\n")[0]
        return AgentCard(name=name, summary=about, make=Made(name, found))
    if hasattr(found, "act") and hasattr(found, "observe"):
        return AgentCard(name=name, summary="An agent as it is.", make=Given(found))
    raise SettingsError(f"{name}: expected an agent, its class or its card, got {found!r}")


@dataclass(frozen=True, slots=True)
class Made:
    """Makes agents of one's own.

    Attributes:
        name: what they are called.
        kind: their class, or a function that returns one.
    """

    name: str
    kind: Callable[..., Any]

    def __call__(self, items: Items, slate_size: int, seed: int, **settings: Any) -> Any:
        """Return a new agent.

        Raises:
            SettingsError: it cannot be made with these settings.
        """
        try:
            agent = self.kind(items, slate_size, seed, **settings)
        except TypeError as error:
            given = "items, slate_size, seed" + "".join(f", {key}={value!r}" for key, value in settings.items())
            raise SettingsError(f"agent {self.name} cannot be made from ({given}): {error}") from error
        if isinstance(getattr(agent, "settings", None), OwnSettings):
            agent.settings = OwnSettings(self.name, settings)
        return agent


@dataclass(frozen=True, slots=True)
class Given:
    """Makes copies of an agent that is there.

    Attributes:
        agent: the agent.
    """

    agent: Any

    def __call__(self, items: Items, slate_size: int, seed: int) -> Any:
        """Return a copy."""
        return copy.deepcopy(self.agent)
