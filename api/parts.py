"""Parts of the laboratory by their names: an agent made, and a list of all that can be named."""

from __future__ import annotations

import builtins
from typing import Any

from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items


def make(agent: str, place: Any, *, slate_size: int | None = None, seed: int | None = None, **settings: Any) -> Any:
    """Return a new agent that has learned nothing yet.

    Args:
        agent: its name (`serendip.list("agents")`), such as `vae-thompson`, or a strategy to combine with `belief=` and
            `model=`.
        place: where it is to act: an environment, a `World`, or the `Items` of a catalogue.
        slate_size: slots of a slate; that of the environment or the world when left out.
        seed: of all that is random in how it learns; that of the world when left out.
        settings: settings other than the agent's own, such as `epsilon=0.2`.

    Raises:
        SettingsError: an unknown agent or setting (the known ones are listed), or a place without items.

    Example:
        >>> import serendip
        >>> world = serendip.load("tiny")
        >>> serendip.make("ease-greedy", world, epsilon=0.2).settings.epsilon
        0.2
    """
    from serendip.agents import registry

    items, length, own_seed = _place(place)
    length = slate_size or length
    if length is None:
        raise SettingsError("slate_size is needed where the place is items alone; say slate_size=5")
    return registry.make(agent, items, length, own_seed if seed is None else seed, **settings)


def named(agent: Any) -> str:
    """Return the text by which an agent is known from now on: of a name, a class, an instance or a folder."""
    from pathlib import Path

    from serendip.agents import AGENTS
    from serendip.agents.own import card_of
    from serendip.experiments.online.agents import admit_agents

    if isinstance(agent, str | Path):
        admit_agents([str(agent)])
        return str(agent)
    return AGENTS.admit(card_of(agent, getattr(agent, "__name__", type(agent).__name__))).name


def add(part: Any) -> str:
    """Take in a part of one's own, and return its name, by which it is used like those that are shipped.

    Args:
        part: a card (of an agent, strategy, belief, model, dynamics, choice, estimator, reward model, interval,
            propensity model, situation, study or figure), an agent's class, or where one of these is: `file.py:NAME`
            or `package.module:NAME`.

    Raises:
        SettingsError: nothing is there, it is no part, or its name is one that is shipped.

    Example:
        >>> import numpy as np, serendip
        >>> class Fixed(serendip.Agent):
        ...     def choose(self, visits, luck):
        ...         return np.tile(np.arange(self.slate_size), (len(visits), 1))
        >>> serendip.add(Fixed)
        'Fixed'
    """
    import inspect

    from serendip.agents import AGENTS
    from serendip.agents.own import card_of
    from serendip.experiments.running.parts import registry_of
    from serendip.simulator.cards import find

    found = find(part) if isinstance(part, str) else part
    if inspect.isclass(found):
        return AGENTS.admit(card_of(found, found.__name__)).name
    return registry_of(found).admit(found).name


def _place(place: Any) -> tuple[Items, int | None, int]:
    """Return the items of a place, its slots and its seed."""
    if isinstance(place, Items):
        return place, None, 0
    inner = getattr(place, "unwrapped", place)
    world = getattr(inner, "world", inner)
    if not isinstance(getattr(world, "items", None), Items):
        raise SettingsError(f"{place!r} has no items; give an environment, a World or Items")
    return world.items, getattr(inner, "n_slots", world.settings.slate_size), world.seed


def list(kind: str | None = None) -> Any:
    """Return what can be named.

    Args:
        kind: such as `agents`, `worlds` or `estimators`; None for the names of all kinds.

    Returns:
        the kinds, or a dictionary of the names of one kind and what each is, in a sentence.

    Raises:
        SettingsError: there is no such kind; the known ones are listed.

    Example:
        >>> import serendip
        >>> "ease-greedy" in serendip.list("agents")
        True
    """
    from serendip.experiments.cli.descriptions import described
    from serendip.experiments.cli.list import KINDS

    if kind is None:
        return builtins.list(KINDS)
    if kind not in KINDS:
        raise SettingsError(f"unknown kind {kind!r}; known kinds: {', '.join(KINDS)}")
    return described(KINDS[kind])
