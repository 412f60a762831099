"""One agent under one seed: the piece of a study that is either finished or not there."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from serendip.experiments.online.agents import make_player
from serendip.experiments.online.life import Schedule, Witness, live
from serendip.experiments.online.oracles import OraclePlayer
from serendip.experiments.online.witnesses import LoggingWitness, MeasuringWitness, TimingWitness
from serendip.experiments.running.pieces import Piece
from serendip.experiments.running.provenance import checksum
from serendip.simulator.settings_json import write_json
from serendip.simulator.world import make_world

DAILY, CLOCK, SAVED = "daily.parquet", "clock.json", "agent"


@dataclass(frozen=True, slots=True)
class Unit:
    """What one agent is to do under one seed, and where the result goes.

    Attributes:
        folder: where the finished unit stands.
        world: folder of the world.
        agent: the agent, as it is written on the command line.
        seed: seed of the world.
        schedule: number of days, when the agent updates, how many visits at once.
        logged: whether the log of decisions is kept.
        saved: whether the agent is kept as it is in the end.
    """

    folder: Path
    world: Path
    agent: str
    seed: int
    schedule: Schedule
    logged: bool
    saved: bool = False

    def piece(self, world_checksum: str | None = None) -> Piece:
        """Return the unit as a piece of work.

        Args:
            world_checksum: that of the world's folder; worked out where it is None.
        """
        settings = {
            "agent": self.agent,
            "seed": self.seed,
            "days": self.schedule.days,
            "update_every": self.schedule.update_every,
            "world": world_checksum or checksum(self.world),
        }
        needed = (DAILY, CLOCK, *(("log/meta.json",) if self.logged else ()), *((SAVED,) if self.saved else ()))
        label = f"seed {self.seed}  {self.agent}"
        return Piece(self.folder, label, self.schedule.days, settings, self.make, needed, varying=(CLOCK,))

    def finished(self) -> bool:
        """Return whether the unit has nothing left to do."""
        return self.piece().finished()

    def run(self, tell: Callable[[int], None] = lambda done: None) -> None:
        """Run the unit; `tell` hears the number of days done."""
        self.piece().finish(tell)

    def make(self, at: Path, tell: Callable[[int], None]) -> None:
        """Live, and write what came of it to the new folder `at`; `tell` hears the number of days done."""
        at.mkdir(parents=True)
        began = time.perf_counter()
        world = make_world(self.world, self.seed)
        agent = make_player(self.agent, world)
        measures, timer = MeasuringWitness(world), TimingWitness(tell)
        log = LoggingWitness(world, at / "log") if self.logged else None
        update_seconds = [0.0] * self.schedule.days
        witnesses: list[Witness] = [measures, timer, *([log] if log else [])]
        past = log.past(forget=not isinstance(agent, OraclePlayer)) if log else None
        state = live(world, agent, self.schedule, witnesses, update_seconds.__setitem__, past)
        pq.write_table(measures.daily.table(), (at / DAILY).absolute(), compression="zstd")
        if self.saved:
            agent.save(at / "agent")
        if log:
            log.close(self.agent, self.schedule, agent, state)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        clock = {"seconds": time.perf_counter() - began, "peak_memory_mib": peak, "update_seconds": update_seconds}
        write_json(at / CLOCK, clock)
