"""A study: agents x seeds in one world, in one folder, finished piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from serendip.experiments.online.life import Schedule
from serendip.experiments.online.unit import Unit, parse_agent
from serendip.experiments.running.lock import alone_in
from serendip.experiments.running.pool import Job, run_jobs
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.settings_json import read_json, settings_from_json, settings_to_json, write_json
from serendip.simulator.world import World, make_world


@dataclass(frozen=True, slots=True)
class Study:
    """What is compared, and for how long."""

    name: str
    agents: tuple[str, ...]
    """Agents, each as `NAME` or `NAME:SETTING=VALUE,...`."""
    reference: str
    """The agent that lifts are measured over."""
    seeds: int = 5
    """Worlds drawn; every agent meets the same ones."""
    first_seed: int = 0
    """Number of the first world; settings are tuned on other worlds than those they are compared in."""
    days: int = 240
    """Length of a run."""
    update_every: int = 5
    """Days between an agent's updates."""
    logged_seeds: int = 1
    """Seeds, from the first, of which the log of decisions is kept."""
    world: str = "default"
    """The world, as it was named."""

    def __post_init__(self) -> None:
        for name, least in (("seeds", 1), ("first_seed", 0), ("days", 1), ("update_every", 1), ("logged_seeds", 0)):
            if getattr(self, name) < least:
                raise SettingsError(f"study: {name} is {getattr(self, name)}; allowed is {least} or more")
        if not self.agents:
            raise SettingsError("study: no agents; name at least one")
        if len(set(self.agents)) < len(self.agents):
            raise SettingsError(f"study: an agent is named twice in {', '.join(self.agents)}; name each once")

    def seed_numbers(self) -> range:
        """Return the seeds of the worlds."""
        return range(self.first_seed, self.first_seed + self.seeds)

    @property
    def world_name(self) -> str:
        """Name of the world, also where it is a folder."""
        return Path(self.world).name

    def reference_agent(self) -> str:
        """Return the agent that lifts are measured over: `reference`, or the first where it does not take part."""
        return self.reference if self.reference in self.agents else self.agents[0]


def run_study(study: Study, out: Path, console: Console, *, batch_size: int = 0, jobs: int = 0) -> Study:
    """Run what is not finished of `study` in the folder `out`; return the study as the folder now holds it.

    A second call with the same settings goes on where the first stopped; one with more agents or seeds adds them.

    Raises:
        SettingsError: the folder holds a study with another world, length or schedule.
    """
    for agent in study.agents:
        parse_agent(agent)
    _refuse_strangers(out)
    fresh = not (out / "study.json").exists()
    world = make_world(study.world, 0) if fresh else None  # what is wrong with it is said before anything is written
    with alone_in(out):
        return _run(_claim(study, world, out), out, console, batch_size, jobs)


def _run(study: Study, out: Path, console: Console, batch_size: int, jobs: int) -> Study:
    """Run what is not finished of `study` in the folder `out`, which holds its settings."""
    schedule = Schedule(study.days, study.update_every, batch_size)
    units = [
        Unit(unit_folder(out, seed, agent), out / "world", agent, seed, schedule, logged=index < study.logged_seeds)
        for index, seed in enumerate(study.seed_numbers())
        for agent in study.agents
    ]
    left = [unit for unit in units if not unit.finished()]
    if len(left) < len(units):
        console.print(f"{len(units) - len(left)} of {len(units)} finished before, {len(left)} to run")
    for unit in left:
        unit.sweep()
    todo = [Job(f"seed {unit.seed}  {unit.agent}", unit.schedule.days, unit.run) for unit in left]
    run_jobs(todo, jobs, console, "days")
    return study


def unit_folder(out: Path, seed: int, agent: str) -> Path:
    """Return the folder of one agent under one seed."""
    return out / "seeds" / f"seed-{seed:03d}" / parse_agent(agent).folder


def read_study(out: Path) -> Study:
    """Return the study that the folder `out` holds."""
    path = out / "study.json"
    if not path.exists():
        raise DataError(f"{out}: no study.json; not a folder that `serendip run` wrote")
    return settings_from_json(Study, read_json(path), str(path))


def _refuse_strangers(out: Path) -> None:
    """Raise a SettingsError if `out` holds something that is no study."""
    found = {path.name for path in out.iterdir()} - {".lock", "world"} if out.exists() else set[str]()
    if found and "study.json" not in found:
        raise SettingsError(f"{out}: not empty, and not a folder that `serendip run` wrote; give another --out")


def _claim(study: Study, world: World | None, out: Path) -> Study:
    """Write the settings and a new study's `world` to `out`, or check that those there agree and add what is new."""
    if world is None:
        old = read_study(out)
        for name in ("name", "world", "first_seed", "days", "update_every"):
            if getattr(old, name) != getattr(study, name):
                raise SettingsError(
                    f"{out}: holds a run with {name} {getattr(old, name)}, not {getattr(study, name)}; "
                    "give another --out, or the same settings to go on"
                )
        agents = old.agents + tuple(agent for agent in study.agents if agent not in old.agents)
        logged = max(old.logged_seeds, study.logged_seeds)
        study = replace(study, agents=agents, seeds=max(old.seeds, study.seeds), logged_seeds=logged)
    else:
        world.save(out / "world")
    write_json(out / "study.json", settings_to_json(study))
    return study
