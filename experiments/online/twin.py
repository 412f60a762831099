"""Policies run in the twin of a log: what the users whom it met would make of another policy.

`experiments/offline` sees no world.  Whoever wants the twin's word there hands this runner in from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from serendip.agents import registry
from serendip.experiments.offline.long_term.twin import Runs
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.targets.target import saved_agent, trained_agents
from serendip.experiments.online.agents import parse_agent
from serendip.experiments.online.life import Player, Schedule, live
from serendip.experiments.online.on_policy import Halves, Tally
from serendip.simulator.calibration.from_logs.twin import Twin, fit_twin
from serendip.simulator.errors import SerendipError
from serendip.simulator.interface import Bools, Feedback, Floats, Ints, Slates, Visits
from serendip.simulator.logs import open_log
from serendip.simulator.world import World

N_DRAWS = 3  # worlds drawn from what the log leaves possible


class _Came(Tally):
    """Notes who comes on which day, in (U, horizon)."""

    def __init__(self, who: Bools) -> None:
        super().__init__()
        self._who = who

    def came(self, day: int, users: Ints) -> None:
        """Note who visits."""
        self._who[users, day] = True


class TwinRunner:
    """Runs targets, and the logged policy itself, in draws of a log's twin; all of them meet the same luck.

    Attributes:
        log: the log's folder.
        seed: number that decides on which half of the users a named agent is trained, and on which it is run.
    """

    def __init__(self, log: Path, seed: int = 0, n_draws: int = N_DRAWS) -> None:
        """Fit the twin.

        Args:
            log: the log's folder.
            seed: of the halves of the users.
            n_draws: worlds to draw.

        Raises:
            DataError: the log cannot be read, or says too little to fit a world to it.
        """
        self.log, self.seed, self._source = log, seed, LogSource(log)
        self._twin: Twin = fit_twin(log)
        self._n_draws, self._carries = n_draws, self._twin.carries()
        self._worlds = list[World]()
        self._logger: Floats | None = None
        self._came: Bools | None = None

    def runs(self, target: str, horizon: int) -> Runs:
        """Return what the twin says of `target`, an agent's name or a saved agent's folder, over `horizon` days."""
        if Path(target).is_dir():
            policy = saved_agent(Path(target), self._source.items(), self._source.slate_size, self.seed)
        else:
            policy = trained_agents(target, self._source, self.seed)
        agents = policy.agents
        visits = list[Floats]()
        for world in self.worlds():
            for agent in agents:
                agent.forget()
            player: Player = agents[0] if len(agents) == 1 else Halves(agents, self.seed)
            visits.append(self._visits(world, player, Schedule(horizon, 0)))
        logger = self.logger(horizon)
        came = None if self._came is None else self._came[:, :, :horizon]
        return Runs(np.stack(visits), logger, self._carries, self._twin.lopsided(), came)

    def moves(self) -> dict[str, float]:
        """Return how activity moves in the world that fits best, by name."""
        return self._twin.moves()

    def worlds(self) -> list[World]:
        """Return the draws of the twin."""
        if not self._worlds:
            self._worlds = [self._twin.world(draw) for draw in range(self._n_draws)]
        return self._worlds

    def logger(self, horizon: int) -> Floats | None:
        """Return (D, horizon) visits per user of the logged policy in each draw; None where it cannot be made anew."""
        if self._logger is None or self._logger.shape[1] < horizon:
            meta = open_log(self.log).meta
            try:
                spec = parse_agent(meta.policies[0]) if len(meta.policies) == 1 else None
            except SerendipError:
                spec = None
            if spec is None or spec.name not in registry.names():
                return None
            schedule, n_users = Schedule(horizon, self._update_every()), self.worlds()[0].n_users
            came: Bools = np.zeros((len(self.worlds()), n_users, horizon), dtype=bool)
            for world, each in zip(self.worlds(), came, strict=True):
                agent = registry.make(
                    spec.name, self._source.items(), self._source.slate_size, meta.seed or 0, **spec.overrides
                )
                live(world, agent, schedule, [_Came(each)], past=self._past())
            self._came, self._logger = came, came.mean(axis=1)
        assert self._logger is not None
        return self._logger[:, :horizon]

    def _visits(self, world: World, player: Player, schedule: Schedule) -> Floats:
        tally = Tally()
        live(world, player, schedule, [tally], past=self._past())
        return np.array(tally.came_on) / world.n_users

    def _past(self) -> Iterator[tuple[Visits, Slates, Feedback]]:
        return ((step.visits, step.slates, step.feedback) for step in self._source.before())

    def _update_every(self) -> int:
        """Return the days between updates of the logged policy, as its versions tell; 0 where it never learned."""
        first, n_days = dict[int, int](), open_log(self.log).meta.n_days
        for batch in open_log(self.log).batches():
            for version in np.unique(batch.policy_version):
                day = int(batch.day[batch.policy_version == version].min())
                first[int(version)] = min(day, first.get(int(version), n_days))
        steps = np.diff([first[version] for version in sorted(first)])
        return int(np.median(steps)) if len(steps) else n_days + 1
