"""How fast worlds live: a table of rates and of memory, as JSON and Markdown.

Run it as `python benchmarks/world.py --out bench`; `--full` adds a month of a million users.  Where sardine-rec is
installed, or SARDINE_PYTHON names a Python that has it, its rates stand beside ours, from the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Slates
from serendip.simulator.logs import LogMeta, LogWriter
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

SLOTS = 10
ITEMS = (100, 1_000, 10_000, 100_000)
USERS = (1, 1_000, 100_000, 1_000_000)


def make(n_users: int, n_items: int, **place: Any) -> World:
    """Return the default world, all of its dynamics switched on, in another size."""
    base, _ = read_world("default")
    catalogue = replace(base.catalogue, n_items=n_items)
    population = replace(base.population, n_users=n_users)
    return World(replace(base, slate_size=SLOTS, catalogue=catalogue, population=population), 0, **place)


def best_rate(work: Callable[[], int], seconds: float = 1.5) -> float:
    """Return the best of several rates, in units of work per second."""
    work()
    rates, until = list[float](), time.perf_counter() + seconds
    while len(rates) < 3 or time.perf_counter() < until:
        start = time.perf_counter()
        done = work()
        rates.append(done / (time.perf_counter() - start))
    return max(rates)


def batched(world: World) -> float:
    """Return impressions per second, choices, clicks and all state updates included."""
    state, rng, visit = world.start(), np.random.default_rng(0), 0
    slates = [rng.integers(world.n_items, size=(world.n_users, SLOTS)) for _ in range(3)]

    def show() -> int:
        nonlocal visit
        visit += 1
        return int(world.show(state, 0, visit, world.user_ids, slates[visit % 3]).size)

    return best_rate(show)


def single(n_items: int) -> float:
    """Return steps per second of one user in `serendip/User-v0`."""
    import gymnasium

    import serendip.envs  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        make(200, n_items).save(Path(folder))
        env = gymnasium.make("serendip/User-v0", world=folder, disable_env_checker=True).unwrapped
        env.reset(seed=0)
        slates = np.random.default_rng(0).integers(n_items // SLOTS, size=(512, 1)) + np.arange(SLOTS) * (
            n_items // SLOTS
        )

        def steps() -> int:
            for slate in slates:
                _, _, terminated, truncated, _ = env.step(slate)
                if terminated or truncated:
                    env.reset()
            return len(slates)

        return best_rate(steps)


def logged(world: World) -> float:
    """Return rows written per second, of slates that are there already."""
    n = min(world.n_users, 100_000)
    visits = world.visits(world.user_ids[:n], 0, 0)
    items = np.random.default_rng(0).integers(world.n_items, size=(n, SLOTS))
    slates = Slates(items, np.full(items.shape, 1.0 / world.n_items), None, np.ones(n, dtype=bool))
    feedback = Feedback(np.random.default_rng(1).random(items.shape) < 0.3)

    def write() -> int:
        with tempfile.TemporaryDirectory() as folder:
            log = LogWriter(Path(folder) / "log")
            for _ in range(3):
                log.append(visits, slates, feedback)
            log._flush(log._rows)
        return 3 * items.size

    return best_rate(write)


def bytes_per_user(world: World) -> tuple[int, int]:
    """Return the bytes a user takes: state that changes, and people as they were drawn."""
    state = sum(int(values.nbytes) for values in world.start().values())
    people = world.people
    drawn = [people.taste, people.known, people.base_rate, people.first_day, people.cohort, *people.factor_of.values()]
    return state // world.n_users, sum(int(values.nbytes) for values in drawn) // world.n_users


def month(out: Path, n_users: int = 1_000_000, n_items: int = 100_000, days: int = 30) -> dict[str, float]:
    """Live a month under uniform slates of 5, everything logged; return seconds, rows and the largest resident size."""
    base, _ = read_world("default")
    catalogue = replace(base.catalogue, n_items=n_items)
    settings = replace(base, catalogue=catalogue, population=replace(base.population, n_users=n_users))
    start, world = time.perf_counter(), World(settings, 0)
    state, log, rows = world.start(), LogWriter(out / "month"), 0
    for day in range(days):
        users, n_slates = world.come(state, day)
        for visit in range(int(n_slates.max(initial=0))):
            here = users[n_slates > visit]
            for some in np.array_split(here, max(1, len(here) // 50_000)):
                items = randomness.distinct(n_items, settings.slate_size, 1, some, day, visit)
                clicked = world.show(state, day, visit, some, items)
                slates = Slates(items, np.full(items.shape, 1.0 / n_items), None, np.ones(len(some), dtype=bool))
                log.append(world.visits(some, day, visit), slates, Feedback(clicked))
                rows += items.size
        world.night(state, day)
    import pyarrow as pa

    ids, last = np.arange(n_users), np.full(n_users, days - 1)
    columns = {"user_id": ids, "cohort": ["everyone"] * n_users, "first_day": 0 * last, "last_day": last}
    table = pa.table(columns | {"censored": np.ones(n_users, dtype=bool)})
    log.close(LogMeta("bench", ("uniform",), settings.slate_size, days), table, world.items)
    size = sum(path.stat().st_size for path in (out / "month").rglob("*") if path.is_file())
    shutil.rmtree(out / "month")
    return {
        "seconds": time.perf_counter() - start,
        "rows": rows,
        "log_gb": size / 1e9,
        "resident_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def month_apart(out: Path) -> dict[str, float]:
    """Return `month` from a process of its own, so that its resident size is its own."""
    code = "import json, sys; sys.path.insert(0, sys.argv[1]); import world; from pathlib import Path; "
    code += "print(json.dumps(world.month(Path(sys.argv[2]))))"
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", code, here, str(out)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def sardine() -> dict[str, Any] | None:
    """Return what benchmarks/sardine_rates.py prints, or None where sardine-rec is not installed."""
    script = Path(__file__).with_name("sardine_rates.py")
    for python in filter(None, [os.environ.get("SARDINE_PYTHON"), sys.executable]):
        done = subprocess.run([python, str(script)], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return json.loads(done.stdout)
    return None


def better(one: dict[str, Any] | None, other: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the larger of the rates of two runs."""
    if one is None or other is None:
        return one or other
    rates = ("single_steps_per_second", "batched_impressions_per_second")
    return one | {rate: max(one[rate], other[rate]) for rate in rates}


def measure(out: Path, full: bool) -> dict[str, Any]:
    """Return every figure, with what it was measured on."""
    other = sardine()
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, one thread",
        "slots": SLOTS,
        "single_steps_per_second": {str(n): single(n) for n in ITEMS},
        "batched_impressions_per_second": {},
    }
    for n_users in USERS:
        for n_items in ITEMS:
            world = make(n_users, n_items)
            found["batched_impressions_per_second"][f"{n_users} users, {n_items} items"] = batched(world)
    found["state_bytes_per_user"], found["people_bytes_per_user"] = bytes_per_user(make(1_000, 1_000))
    found["log_rows_per_second"] = logged(make(100_000, 1_000))
    found["sardine"] = better(other, sardine())  # before and after, so that a busy moment is held against nobody
    if full:
        found["month_of_a_million_users"] = month_apart(out)
    return found


def markdown(found: dict[str, Any]) -> str:
    """Return the figures as tables."""
    lines = [f"Python {found['python']}, NumPy {found['numpy']}, {found['machine']}; slates of {found['slots']}.", ""]
    lines += ["| users | " + " | ".join(f"{n:,} items" for n in ITEMS) + " |", "|---|" + "---|" * len(ITEMS)]
    rates = found["single_steps_per_second"]
    lines.append("| `User-v0`, steps/s | " + " | ".join(f"{rates[str(n)]:,.0f}" for n in ITEMS) + " |")
    rates = found["batched_impressions_per_second"]
    for users in USERS:
        cells = " | ".join(f"{rates[f'{users} users, {n} items'] / 1e6:.2f}" for n in ITEMS)
        lines.append(f"| {users:,}, million impressions/s | {cells} |")
    lines += [
        "",
        f"Log: {found['log_rows_per_second'] / 1e6:.2f} million rows/s.  A user takes {found['state_bytes_per_user']} "
        f"bytes of state and {found['people_bytes_per_user']} of what was drawn.",
    ]
    if found["sardine"]:
        other = found["sardine"]
        lines.append(
            f"sardine-rec {other['version']} at 1,000 items, in the same run: {other['single_steps_per_second']:,.0f} "
            f"steps/s, at best {other['batched_impressions_per_second']:,.0f} impressions/s batched."
        )
    if "month_of_a_million_users" in found:
        month = found["month_of_a_million_users"]
        lines.append(
            f"30 days of 1,000,000 users and 100,000 items, uniform slates of 5, logged: {month['seconds']:.0f} s, "
            f"{month['rows'] / 1e6:.1f} million rows, {month['resident_gb']:.2f} GB resident."
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("bench"), help="folder for world.json and world.md")
    parser.add_argument("--full", action="store_true", help="also live a month with a million users (minutes)")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = measure(given.out, given.full)
    (given.out / "world.json").write_text(json.dumps(found, indent=2) + "\n")
    (given.out / "world.md").write_text(markdown(found))
    print(markdown(found))


if __name__ == "__main__":
    main()
