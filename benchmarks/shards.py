"""How much memory and time a world of many users takes: `python benchmarks/shards.py [--users 10000000] [--shards 2]`.

Users are shared out to actors of a local Ray, and live some days under the agent `uniform`, measured but not logged.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource

from serendip.experiments.online.life import Schedule
from serendip.experiments.online.sharding.live import live_in_shards
from serendip.experiments.online.sharding.shard import Shard
from serendip.simulator.settings import read_world
from serendip.simulator.settings_json import settings_to_json, write_json


def peak_gb() -> float:
    """Return the largest resident size of this process, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def family_gb() -> tuple[float, float]:
    """Return what this process and all that descend from it hold, in GB: shared pages once, and in each (Linux)."""
    children, sizes = dict[int, list[int]](), [0.0, 0.0]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it has ended
        children.setdefault(parent, []).append(int(stat.parent.name))
    family = [os.getpid()]
    for process in family:
        family += children.get(process, [])
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for k, name in enumerate(("Pss:", "Rss:")):
            sizes[k] += sum(int(line.split()[1]) for line in lines if line.startswith(name)) / 1e6
    return sizes[0], sizes[1]


class Watch(threading.Thread):
    """Looks at the family once a second, and keeps the most that it held."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = (0.0, 0.0)

    def run(self) -> None:
        while True:
            self.most = max(self.most, family_gb())
            time.sleep(1.0)


class Weighed(Shard):
    """A shard that says what it weighed when it is done."""

    def live(self, first: int, days: int) -> None:
        super().live(first, days)
        print(f"  {len(self.ids):,} users: {peak_gb():.2f} GB at most", flush=True)


def main() -> None:
    """Write the world, live, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=10_000_000)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--one", type=int, help="live one of the shards here, and say what it weighs")
    given = parser.parse_args()
    base, _ = read_world("default")
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        settings = replace(base, population=replace(base.population, n_users=given.users))
        write_json(world / "world.json", settings_to_json(settings))
        start = time.perf_counter()
        if given.one is not None:
            Weighed(world, "uniform", 0, given.one, given.shards).live(0, given.days)
            print(f"{time.perf_counter() - start:.0f} s, {time.process_time():.0f} of the processor")
            return
        watch = Watch()
        watch.start()
        daily = live_in_shards(world, "uniform", 0, Schedule(given.days, 5), given.shards, "ray")
        slates = daily.column("slates").to_numpy().sum()
        once, each = watch.most
        print(
            f"{given.users:,} users, {given.days} days, {slates:,.0f} slates: {time.perf_counter() - start:.0f} s; all "
            f"processes {once:.2f} GB at most, {each:.2f} GB with shared pages counted in each"
        )


if __name__ == "__main__":
    main()
