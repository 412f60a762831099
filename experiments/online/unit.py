"""One agent under one seed: the piece of a study that is either finished or not there."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.agents import registry
from serendip.experiments.online.life import Schedule, Witness, live, playing_key
from serendip.experiments.online.measures import DailyMeasures
from serendip.experiments.online.oracles import ORACLES, OraclePlayer
from serendip.simulator.arrays import to_numpy
from serendip.simulator.dynamics import State
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Ints, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter, organic_table
from serendip.simulator.organic import organic_history
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.settings_json import settings_to_json, write_json
from serendip.simulator.site import Observed
from serendip.simulator.truth import liked_topics, look
from serendip.simulator.world import World, make_world

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent by name, with settings that differ from the registered ones.

    Attributes:
        text: as written on the command line, such as `ease-epsilon` or `ease-epsilon:epsilon=0.3`.
        name: the registered agent.
        overrides: settings that differ.
    """

    text: str
    name: str
    overrides: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def folder(self) -> str:
        """A name for files."""
        return self.text.replace(":", ",")


def parse_agent(text: str) -> AgentSpec:
    """Return the agent that `text` names: `NAME` or `NAME:SETTING=VALUE,SETTING=VALUE`; values are JSON.

    Raises:
        SettingsError: no agent is registered under that name, or a setting has no value.
    """
    name, _, rest = text.partition(":")
    if name not in (*registry.names(), *ORACLES):
        known = f"{', '.join(registry.names())}; and the oracles {', '.join(ORACLES)}"
        raise SettingsError(f"unknown agent {name!r}; known agents: {known}")
    overrides = dict[str, Any]()
    for part in filter(None, rest.split(",")):
        setting, given, value = part.partition("=")
        if not given:
            raise SettingsError(f"agent {text!r}: {part!r} has no value; write SETTING=VALUE")
        try:
            overrides[setting] = json.loads(value)
        except json.JSONDecodeError:
            overrides[setting] = value
    return AgentSpec(text, name, overrides)


@dataclass(frozen=True, slots=True)
class Unit:
    """What one agent is to do under one seed, and where the result goes.

    Attributes:
        folder: where the finished unit stands.
        world: folder of the world.
        agent: as on the command line.
        seed: seed of the world.
        schedule: days, updates, batches.
        logged: whether the log of decisions is kept.
    """

    folder: Path
    world: Path
    agent: str
    seed: int
    schedule: Schedule
    logged: bool

    def finished(self) -> bool:
        """Return whether the unit has nothing left to do."""
        return self.folder.exists() and (not self.logged or (self.folder / "log" / "meta.json").exists())

    def sweep(self) -> None:
        """Remove what a killed run left of this unit."""
        for stale in self.folder.parent.glob(f".{self.folder.name}.*"):
            shutil.rmtree(stale, ignore_errors=True)

    def run(self, progress: Progress | None = None) -> None:
        """Run the unit in a folder of another name, and give it its own when all is written.

        Args:
            progress: called with the number of days done.
        """
        work = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        self._run_in(work, progress)
        shutil.rmtree(self.folder, ignore_errors=True)
        work.rename(self.folder)

    def _run_in(self, work: Path, progress: Progress | None) -> None:
        began = time.perf_counter()
        world = make_world(self.world, self.seed)
        spec = parse_agent(self.agent)
        agent = _player(spec, world)
        measures, timer = MeasuringWitness(world), TimingWitness(progress)
        log = LoggingWitness(world, work / "log") if self.logged else None
        update_seconds = [0.0] * self.schedule.days
        witnesses: list[Witness] = [measures, timer, *([log] if log else [])]
        state = live(world, agent, self.schedule, witnesses, update_seconds.__setitem__)
        pq.write_table(measures.daily.table(), work / "daily.parquet", compression="zstd")
        agent.save(work / "agent")
        if log:
            log.close(self.agent, self.schedule, agent, state)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        clock = {"seconds": time.perf_counter() - began, "peak_memory_mib": peak, "update_seconds": update_seconds}
        write_json(work / "clock.json", clock)


def _player(spec: AgentSpec, world: World) -> Any:
    """Return the agent, or the oracle, that `spec` names."""
    if spec.name in ORACLES:
        return OraclePlayer(spec.name, world, spec.overrides)
    return registry.make(spec.name, world.items, world.settings.slate_size, world.seed, **spec.overrides)


class TimingWitness:
    """Tells how many days are done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def came(self, day: int, users: Ints) -> None:
        """Do nothing."""

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Do nothing."""

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
        """Count slates and clicks."""
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

    def came(self, day: int, users: Ints) -> None:
        """Count the visits of the day."""
        self._observed.came(users)

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Write the slates."""
        state = self._observed.state(visits.user_ids, visits.day)
        self._writer.append(visits, slates, feedback, state=state, policy_version=version)
        self._observed.clicked(visits.user_ids, slates.items, feedback.clicked)

    def night(self, day: int, state: State) -> None:
        """Let the site's own memory of activity fade."""
        self._observed.night()

    def close(self, policy: str, schedule: Schedule, agent: Any, state: State) -> None:
        """Write what stands beside the decisions, the world included, so that the log explains itself."""
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
        past = [organic_table(o.visits, o.items, o.clicked) for o in organic_history(world)]
        organic = pa.concat_tables(past) if past else None
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
