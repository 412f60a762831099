"""How many slates of 10 a user sees in a second, by size of the catalogue, beside `sardine-rec` where installed.

Seconds are those of the processor, so that other work on the machine counts against nobody; the two simulators take
turns, and the last row is the median of the turns' ratios.

python benchmarks/lives.py [--seconds S] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from serendip.envs.user import UserEnv
from serendip.envs.vector import UserVectorEnv
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

SLOTS, SIZES, ROWS, TURNS = 10, (100, 1_000, 10_000, 100_000), 1_000, 9


def single(env: Any, n_items: int, seconds: float) -> float:
    """Return steps per second of a single environment, resets included, on slates drawn beforehand."""
    rng = np.random.default_rng(0)
    slates = [rng.permutation(n_items)[:SLOTS] for _ in range(200)]
    env.reset(seed=0)
    steps, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        for slate in slates:
            _, _, terminated, truncated, _ = env.step(slate)
            if terminated or truncated:
                env.reset()
        steps += len(slates)
    return steps / (time.process_time() - start)


def many(world: World, seconds: float) -> float:
    """Return steps per second, summed over the rows, of the native vector environment."""
    envs = UserVectorEnv(ROWS, world)
    envs.action_space.seed(0)
    slates = [envs.action_space.sample() for _ in range(10)]
    envs.reset(seed=0)
    steps, start = 0, time.process_time()
    while time.process_time() - start < seconds:
        envs.step(slates[steps % len(slates)])
        steps += 1
    return ROWS * steps / (time.process_time() - start)


def rows(seconds: float) -> list[dict[str, Any]]:
    """Return one row for each simulator and size: slates of 10 per second."""
    settings, table = read_world("default")[0], list[dict[str, Any]]()
    for n_items in SIZES:
        world = World(replace(settings, catalogue=replace(settings.catalogue, n_items=n_items)), 0)
        rate = single(UserEnv(world, slate_size=SLOTS), n_items, seconds)
        table.append({"what": "serendip/User-v0", "items": n_items, "steps_per_second": round(rate)})
        vector = many(World(replace(world.settings, slate_size=SLOTS), 0), seconds)
        table.append({"what": f"... x {ROWS}, native", "items": n_items, "steps_per_second": round(vector)})
    if importlib.util.find_spec("sardine"):
        import sardine  # noqa: F401  registers its environments

        ours = UserEnv(
            World(replace(settings, catalogue=replace(settings.catalogue, n_items=1_000)), 0), slate_size=SLOTS
        )
        theirs = gymnasium.make("sardine/SlateTopK-Bored-v0").unwrapped
        turns = [(single(ours, 1_000, seconds / TURNS), single(theirs, 1_000, seconds / TURNS)) for _ in range(TURNS)]
        rate = float(np.median([other for _, other in turns]))
        table.append({"what": "sardine/SlateTopK-Bored-v0", "items": 1_000, "steps_per_second": round(rate)})
        ratio = float(np.median([one / other for one, other in turns]))
        table.append({"what": "User-v0 to SARDINE, ratio", "items": 1_000, "steps_per_second": round(ratio, 2)})
    return table


def main() -> None:
    """Measure, print a table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="time to spend on each row")
    parser.add_argument("--json", type=Path, help="file to write the rows to")
    flags = parser.parse_args()
    table = rows(flags.seconds)
    print("| what | items | slates of 10 per second |\n|---|---|---|")
    for row in table:
        print(f"| {row['what']} | {row['items']:,} | {row['steps_per_second']:,} |")
    if flags.json is not None:
        flags.json.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
