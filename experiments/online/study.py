"""A study: agents x seeds in one world, in one folder, finished piece by piece."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from serendip.experiments.online.agents import make_player, parse_agent, read_agent
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.unit import Unit
from serendip.experiments.running.folder import PROVENANCE, Claim, claimed, read_plan
from serendip.experiments.running.pieces import run_pieces
from serendip.experiments.running.progress import duration
from serendip.experiments.running.provenance import checksum
from serendip.experiments.running.worlds import is_there, world_checksum
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import WorldSettings, read_world
from serendip.simulator.settings_json import settings_from_json, settings_to_json
from serendip.simulator.world import make_world

STUDY = "study.json"
IDS = "items.csv"  # what the data call each item of a fitted world
_MOST_RUNS, _MOST_DAYS = 100_000, 100_000
_LARGE = 50_000  # items from which it is said beforehand what a day of decisions is
_A_SECOND = 1e8  # scores that a core makes and ranks
_GROWS = ("agents", "seeds", "logged_seeds", "save_agents")


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
    save_agents: bool = False
    """Whether each agent is kept as it was in the end; some take a hundred megabytes."""

    def __post_init__(self) -> None:
        for name, least in (("seeds", 1), ("first_seed", 0), ("days", 1), ("update_every", 1), ("logged_seeds", 0)):
            if getattr(self, name) < least:
                raise SettingsError(f"study: {name} is {getattr(self, name)}; allowed is {least} or more")
        if not self.agents:
            raise SettingsError("study: no agents; name at least one")
        if len(set(self.agents)) < len(self.agents):
            raise SettingsError(f"study: an agent is named twice in {', '.join(self.agents)}; name each once")
        runs = self.seeds * len(self.agents)
        if runs > _MOST_RUNS or self.days > _MOST_DAYS:
            raise SettingsError(
                f"study: {self.seeds:,} seeds of {len(self.agents)} agents are {runs:,} runs of {self.days:,} days; "
                f"allowed are {_MOST_RUNS:,} runs of {_MOST_DAYS:,} days"
            )

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


def run_study(
    study: Study, out: Path, console: Console, *, batch_size: int = 0, jobs: int = 0, backend: str = "loky"
) -> Study:
    """Run what is not finished of `study` in the folder `out`; return the study as the folder now holds it.

    A second call with the same settings goes on where the first stopped; one with more agents or seeds adds them.

    Args:
        study: what is compared.
        out: folder of its results, made where it is missing.
        console: where progress is told.
        batch_size: visits handled at once, at most; 0: all of a round.
        jobs: runs side by side; 0: one for each core.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.

    Raises:
        SettingsError: an agent or the world cannot be, or the folder holds a study of another world, version, length or
            schedule.
        DataError: the folder's own world was changed.
    """
    for agent in study.agents:
        parse_agent(agent)
    world = out / "world"
    fresh = not (out / STUDY).exists()
    source = world_checksum(study.world) if fresh or is_there(study.world) else None
    claim = Claim(
        file=STUDY,
        verb="run",
        plan=settings_to_json(study),
        grows=_GROWS,
        inputs={} if source is None else {"world": source},
        beside=("world", IDS),
        check=lambda: _try_agents(study, study.world if fresh else world),
        fill=lambda: _keep_world(study.world, out),
    )
    with claimed(out, claim) as plan:
        whole = settings_from_json(Study, plan, str(out / STUDY))
        found = check_world(out)
        asked = replace(whole, agents=study.agents, seeds=study.seeds)  # code of one's own runs only where it is named
        pieces = [unit.piece(found) for unit in _units(asked, out, batch_size)]
        lived_in = read_world(str(world))[0]
        if lived_in.catalogue.n_items >= _LARGE and not all(piece.finished() for piece in pieces):
            console.print(a_day_in_words(lived_in))
        run_pieces(pieces, jobs, console, "days", backend)
    return whole


def a_day_in_words(world: WorldSettings) -> str:
    """Return how much is decided on a day at the start, and about how long that takes."""
    people, items = world.population, world.catalogue.n_items
    stay_away = (people.rate_scale_days / (people.rate_scale_days + 1.0)) ** people.rate_shape
    slates = people.n_users * (1.0 - stay_away) * world.mean_slates
    return (
        f"a day is some {slates:,.0f} slates over {items:,} items, {slates * items:,.0f} scores for each hypothesis "
        f"that an agent draws: about {duration(slates * items / _A_SECOND)} of a core each, and learning comes on top"
    )


def _keep_world(named: str, out: Path) -> None:
    """Write the world into the folder `out`, and beside it what the data call its items, where the world says so."""
    make_world(named, 0).save(out / "world")
    ids = (Path(named) if Path(named).is_dir() else Path(named).parent) / IDS
    if not named.isidentifier() and ids.is_file():
        shutil.copyfile(ids, out / IDS)


def _units(study: Study, out: Path, batch_size: int) -> list[Unit]:
    """Return all units of `study`, seed by seed."""
    schedule = Schedule(study.days, study.update_every, batch_size)
    return [
        Unit(
            unit_folder(out, seed, agent),
            out / "world",
            agent,
            seed,
            schedule,
            logged=index < study.logged_seeds,
            saved=study.save_agents,
        )
        for index, seed in enumerate(study.seed_numbers())
        for agent in study.agents
    ]


def _try_agents(study: Study, world: str | Path) -> None:
    """Make every agent once, so that a setting that cannot be is found before anything is written."""
    made = make_world(world, study.first_seed)
    for agent in study.agents:
        make_player(agent, made)


def check_world(out: Path) -> str:
    """Return the checksum of the world in the results folder `out`.

    Raises:
        SettingsError: the world is not the one that the study began with.
    """
    found = checksum(out / "world")
    if read_plan(out / STUDY, "run")[PROVENANCE]["inputs"].get("world") != found:
        raise SettingsError(
            f"{out / 'world'}: changed since the study began (another checksum), so that its runs cannot be compared; "
            "put the old files back, or give another --out"
        )
    return found


def unit_folder(out: Path, seed: int, agent: str) -> Path:
    """Return the folder of one agent under one seed."""
    return out / "seeds" / f"seed-{seed:03d}" / read_agent(agent).folder


def read_study(out: Path) -> Study:
    """Return the study that the folder `out` holds.

    Raises:
        DataError: it holds none.
        SettingsError: a setting there cannot be.
    """
    plan = read_plan(out / STUDY, "run")
    return settings_from_json(Study, {k: v for k, v in plan.items() if k != PROVENANCE}, str(out / STUDY))
