"""Who watches a life for a study: measures, a log, a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from serendip.experiments.online.life import Schedule
from serendip.experiments.online.measures import DailyMeasures
from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.interface import Feedback, Ints, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter, organic_table
from serendip.simulator.oracle.truth import liked_topics, look
from serendip.simulator.organic import chosen_by_nobody, organic_history
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.settings_json import settings_to_json
from serendip.simulator.site import Observed
from serendip.simulator.world import World, playing_key

Progress = Callable[[int], None]


class TimingWitness:
    """Tells how many days are done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def came(self, day: int, users: Ints) -> None:
        """Do nothing."""

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Do nothing.

        Args:
            visits: who came, and when.
            slates: what was shown, with its propensities.
            feedback: what was clicked.
            version: how often the agent had learned.
        """

    def night(self, day: int, state: State) -> None:
        """Pass on the number of days done."""
        if self._progress:
            self._progress(day + 1)


class MeasuringWitness:
    """Counts what the study measures each day."""

    def __init__(self, world: World) -> None:
        self.daily = DailyMeasures(world)

    def came(self, day: int, users: Ints) -> None:
        """Begin the day."""
        self.daily.came(users)

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Count slates and clicks.

        Args:
            visits: who came, and when.
            slates: what was shown, with its propensities.
            feedback: what was clicked.
            version: how often the agent had learned.
        """
        self.daily.saw(visits.user_ids, feedback.clicked)

    def night(self, day: int, state: State) -> None:
        """End the day."""
        self.daily.night(state, day)


class LoggingWitness:
    """Writes the log, as a site would: what was shown, with its propensities, and what the site knew of the user."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self._writer = LogWriter(path)
        first_day = to_numpy(world.people.first_day)
        self._observed = Observed(first_day, world.items.topic, world.catalogue.n_topics)
        self._told = False

    def past(self, *, forget: bool = False) -> Iterator[tuple[Visits, Slates, Feedback]]:
        """Yield what the site saw before the first day, as an agent is told of it, and write it meanwhile.

        Args:
            forget: let go of the repertoire at the start, a sixth of all memory, when all is told: the state of a world
                that has begun has it.
        """
        world = self._world
        with self._writer.organic() as write:
            for past in organic_history(world):
                write(organic_table(past.visits, past.items, past.clicked))
                yield past.visits, chosen_by_nobody(past.items, world.n_items), Feedback(past.clicked)
        self._told = True
        if forget:
            nothing = np.empty((0, world.catalogue.n_topics), np.float32)  # no view, which would hold all of it
            world.people = replace(world.people, known=world.place(nothing))

    def came(self, day: int, users: Ints) -> None:
        """Count the visits of the day."""
        self._observed.came(users)

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Write the slates.

        Args:
            visits: who came, and when.
            slates: what was shown, with its propensities.
            feedback: what was clicked.
            version: how often the agent had learned.
        """
        state = self._observed.state(visits.user_ids, visits.day)
        self._writer.append(visits, slates, feedback, state=state, policy_version=version)
        self._observed.clicked(visits.user_ids, slates.items, feedback.clicked)

    def night(self, day: int, state: State) -> None:
        """Let the site's own memory of activity fade."""
        self._observed.night()

    def close(self, policy: str, schedule: Schedule, agent: Any, state: State) -> None:
        """Write what stands beside the decisions, the world included, so that the log explains itself.

        Args:
            policy: name of the policy.
            schedule: when the agent learns.
            agent: the agent at the end.
            state: state of the users at the end.
        """
        world = self._world
        world.save(self._writer.path / "world")
        explores = float(getattr(agent.settings, "epsilon", 0.0))  # what came up may be far above what can
        meta = LogMeta(
            run_id=f"{world.settings.name}-{world.seed}-{policy}",
            policies=(policy,),
            slate_size=world.settings.slate_size,
            n_days=schedule.days,
            seed=world.seed,
            key=playing_key(world.seed),
            world=settings_to_json(world.settings),
            agents=(settings_to_json(agent.settings),),
            propensity_floor=explores / world.items.n_items,
        )
        past = [] if self._told else organic_history(world)
        organic = (organic_table(o.visits, o.items, o.clicked) for o in past)
        self._writer.close(meta, self._users(schedule.days), world.items, organic, self._truth(state))

    def _users(self, days: int) -> Any:
        """Return one row per user; none is seen to leave, so all are censored at the end."""
        n = self._world.n_users
        groups = np.array(ACTIVITY_GROUPS)[self._world.groups]
        columns: dict[str, Any] = {
            "user_id": np.arange(n),
            "cohort": groups,
            "first_day": to_numpy(self._world.people.first_day),
            "last_day": np.full(n, days - 1, np.int32),
            "censored": np.ones(n, dtype=bool),
        }
        return pa.table(columns)

    def _truth(self, state: State) -> Any:
        """Return what only the simulator knows of each user, at the end."""
        world, liked = self._world, liked_topics(self._world)
        truth = look(world, state, liked)
        columns: dict[str, Any] = {
            "user_id": np.arange(world.n_users),
            "base_rate": to_numpy(world.people.base_rate),
            "liked_topics": liked.sum(axis=1),
            "alive": truth.alive,
            "rate": truth.rate,
            "breadth": truth.breadth,
            "liked_known": truth.liked_known,
        }
        return pa.table(columns)
