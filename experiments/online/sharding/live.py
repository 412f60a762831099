"""A world whose users are shared out: every shard lives its days, and at updates all add what they know."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from serendip.experiments.online.life import Schedule
from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.sharding.shard import Shard
from serendip.experiments.online.sharding.summing import added
from serendip.experiments.running.crews.clusters import cluster
from serendip.experiments.running.threads import ONE_THREAD
from serendip.simulator.errors import SettingsError

Ask = Callable[..., list[Any]]
PLACES = ("here", "ray")


def live_in_shards(
    world: str | Path, agent: str, seed: int, schedule: Schedule, n_shards: int, place: str = "here"
) -> Any:
    """Return the daily counts of all users, by day and group, as a table.

    The numbers are those of the whole world to rounding, whatever the number of shards.

    Args:
        world: name of a preset, or the folder of a world.
        agent: the agent, as it is written on the command line; one that learns from sums.
        seed: seed of the world.
        schedule: number of days, and days between updates.
        n_shards: how many parts the users are shared out to.
        place: `here`, one after another in this process, or `ray`, side by side as actors.

    Raises:
        SettingsError: no such place, no shards, or the agent does not learn from sums.
    """
    if place not in PLACES or n_shards < 1:
        raise SettingsError(f"{n_shards} shards at {place!r}; allowed are 1 shard or more, at {' or '.join(PLACES)}")
    with _shards(place, world, agent, seed, n_shards) as ask:
        step = schedule.update_every or schedule.days
        for first in range(0, schedule.days, step):
            if schedule.update_every:
                ask("learn", added(ask("sums")))
            ask("live", first, min(step, schedule.days - first))
        return _total(ask("daily"))


@contextmanager
def _shards(place: str, world: str | Path, agent: str, seed: int, n_shards: int) -> Generator[Ask]:
    """Yield what asks all shards something, and returns their answers in order."""
    if place == "here":
        shards = [Shard(world, agent, seed, shard, n_shards) for shard in range(n_shards)]

        def ask_here(name: str, *given: Any) -> list[Any]:
            return [getattr(shard, name)(*given) for shard in shards]

        yield ask_here
        return
    with cluster("ray", n_shards) as ray:
        kind = ray.remote(num_cpus=1, runtime_env={"env_vars": ONE_THREAD})(Shard)
        actors = [kind.remote(world, agent, seed, shard, n_shards) for shard in range(n_shards)]

        def ask(name: str, *given: Any) -> list[Any]:
            sent = [ray.put(value) for value in given]  # once, however many shards read it
            return ray.get([getattr(actor, name).remote(*sent) for actor in actors])

        yield ask


def _total(parts: list[Any]) -> Any:
    """Return the counts of all shards, added."""
    columns: dict[str, Any] = {name: parts[0].column(name) for name in ("day", "group")}
    for name in COUNTS:
        columns[name] = sum(part.column(name).to_numpy() for part in parts)
    return pa.table(columns)
