"""One agent in one world, day by day: the loop that everything online runs through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from serendip.experiments.online.oracles import OraclePlayer
from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.interface import Bools, Feedback, Ints, Slates, Visits
from serendip.simulator.organic import known_before
from serendip.simulator.world import World, playing_key


@dataclass(frozen=True, slots=True)
class Schedule:
    """When things happen."""

    days: int = 240
    """Days to run."""
    update_every: int = 5
    """Days between the agent's updates, the first before day 0; 0: it is a fixed policy and never learns."""
    batch_size: int = 0
    """Visits handled at once, at most; 0: all of a round.  It changes nothing but speed and memory."""


class Player(Protocol):
    """What a life asks of an agent."""

    def act(self, visits: Visits, key: int) -> Slates:
        """Return a slate for each visit."""
        ...

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Remember what was shown and what was clicked."""
        ...

    def update(self) -> None:
        """Learn from all that was observed."""
        ...


class Witness(Protocol):
    """Whoever wants to know what happens: measures, logs, progress bars."""

    def came(self, day: int, users: Ints) -> None:
        """Hear who visits on `day`, before anything is shown."""
        ...

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Hear what was shown to whom, and what came back; `version` counts the agent's updates."""
        ...

    def night(self, day: int, state: State) -> None:
        """Hear that the day is over."""
        ...


def live(
    world: World,
    agent: Player,
    schedule: Schedule,
    witnesses: list[Witness],
    learned: Callable[[int, float], None] | None = None,
    past: Iterable[tuple[Visits, Slates, Feedback]] | None = None,
) -> State:
    """Run `agent` in `world`; return the state on the last evening.

    The agent first sees what users did before the first day.

    Args:
        world: to live in.
        agent: to live.
        schedule: of days and updates.
        witnesses: who hear of every day.
        learned: called after each update with the day and the seconds it took.
        past: what users did before the first day; as the world has it when None.
    """
    state, key, version = world.start(), playing_key(world.seed), -1
    if isinstance(agent, OraclePlayer):
        agent.enter(state)
    for visits, slates, feedback in known_before(world) if past is None else past:
        agent.observe(visits, slates, feedback)
    for day in range(schedule.days):
        if schedule.update_every and day % schedule.update_every == 0:
            began = time.perf_counter()
            agent.update()
            if learned:
                learned(day, time.perf_counter() - began)
            version += 1
        users, n_slates = world.come(state, day)
        for witness in witnesses:
            witness.came(day, to_numpy(users))
        for visits, slates, feedback in rounds(world, state, agent, key, day, users, n_slates, schedule.batch_size):
            agent.observe(visits, slates, feedback)
            for witness in witnesses:
                witness.saw(visits, slates, feedback, max(version, 0))
        world.night(state, day)
        for witness in witnesses:
            witness.night(day, state)
    return state


def rounds(
    world: World, state: State, agent: Player, key: int, day: int, users: Any, n_slates: Any, batch_size: int
) -> Iterator[tuple[Visits, Slates, Feedback]]:
    """Yield what is shown and clicked on `day`, slate by slate of the users' visits, in batches of users.

    All users' first slates come before anybody's second.  A slate is chosen before the next batch is observed, but
    agents learn only in `update`, so the size of a batch changes nothing.

    Args:
        world: the world that is lived in.
        state: state of the users, changed in place.
        agent: who chooses.
        key: key of the agent's draws.
        day: day of the world, from 0.
        users: (n,) users who come.
        n_slates: (n,) slates of the visit of each.
        batch_size: users at a time; 0 for all at once.
    """
    most = int(n_slates.max()) if len(users) else 0
    for number in range(most):
        here = users[n_slates > number]
        step = batch_size or len(here)
        for start in range(0, len(here), step):
            batch = here[start : start + step]
            visits = world.visits(batch, day, number, state)
            slates = agent.act(visits, key)
            clicked: Bools = to_numpy(world.show(state, day, number, batch, slates.items))
            yield visits, slates, Feedback(clicked)
