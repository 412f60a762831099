"""What an accelerator makes of worlds, decisions and learning, beside the processor in the same run.

    python benchmarks/accelerator.py [--device cuda] [--small] [--out docs]

Time is that of the clock, after the device has finished; the processor has all of its cores.  Rates are the best of
several turns.  `accelerator.json` keeps the rows; `accelerator.md` is made of it.  `--small` tries everything in
seconds, on the processor where there is no device.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch
from catalogue_decisions import SLOTS, taught

from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.simulator.interface import Visits
from serendip.simulator.settings import read_world
from serendip.simulator.world import World


@dataclass(frozen=True)
class Size:
    """How much is done.

    Attributes:
        users: who is shown a slate of ten at once.
        items: of the catalogue that is decided over, with 32 hypotheses a visit.
        visits: decided on the device in one call; the processor decides a sixteenth of them.
        learners: users that the Mult-VAE learns from, with 60 clicks each.
        learned: items that it learns about.
        turns: measurements of each.
    """

    users: int = 2_000_000
    items: int = 1_000_000
    visits: int = 512
    learners: int = 20_000
    learned: int = 20_000
    turns: int = 5


SMALL = Size(users=2_000, items=5_000, visits=32, learners=300, learned=200, turns=2)


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: what is measured.
        unit: of all figures, a second.
        device: the accelerator's rate.
        processor: the processor's, on all cores.
        limit: what was aimed at, 0 where nothing was.
    """

    what: str
    unit: str
    device: float
    processor: float
    limit: float = 0.0


def rate(work: Callable[[], int], turns: int, device: str) -> float:
    """Return the best of several rates of `work`, which says how much it did; a first turn warms up."""
    best = 0.0
    for _ in range(turns + 1):
        wait(device)
        start = time.perf_counter()
        done = work()
        wait(device)
        best = max(best, done / (time.perf_counter() - start))
    return best


def wait(device: str) -> None:
    """Wait until the device has done what it was asked."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def world_of(n_users: int, n_items: int = 1_000, **place: Any) -> World:
    """Return the default world in another size."""
    base, _ = read_world("default")
    catalogue, people = replace(base.catalogue, n_items=n_items), replace(base.population, n_users=n_users)
    return World(replace(base, slate_size=SLOTS, catalogue=catalogue, population=people), 0, **place)


def transitions(size: Size, device: str) -> list[Row]:
    """Impressions a second: utilities, choices, clicks and all changes of state of everybody; and whole days of it."""
    rng = np.random.default_rng(0)
    found, few = list[tuple[float, float]](), min(size.users, 200_000)
    for place, n_users, where in (
        ({"arrays": "torch", "device": device}, size.users, device),
        ({}, few, "cpu"),
    ):
        world = world_of(n_users, **place)
        state = world.start()
        slates = [world.place(rng.integers(world.n_items, size=(n_users, SLOTS))) for _ in range(3)]
        turn = 0

        def show(world: World = world, state: Any = state, slates: Any = slates) -> int:
            nonlocal turn
            turn += 1
            world.show(state, 0, turn, world.user_ids, slates[turn % 3])
            return world.n_users * SLOTS

        def day(world: World = world, state: Any = state, slates: Any = slates) -> int:
            nonlocal turn
            turn += 1
            users, _ = world.come(state, turn)
            world.show(state, turn, 0, users, slates[turn % 3][users])
            world.night(state, turn)
            return world.n_users

        found.append((rate(show, size.turns, where), rate(day, size.turns, where)))
    (shown, lived), (here, lived_here) = found
    what = f"a world of {size.users:,} users (processor: {few:,}), 1,000 items, slates of {SLOTS}"
    return [
        Row(f"{what}: everybody is shown one", "impressions", shown, here, 1e8),
        Row("... days, who comes and the night included", "user-days", lived, lived_here),
    ]


def decisions(size: Size, device: str) -> Row:
    """Slates of ten a second, each by 32 hypotheses over all items, propensities included."""
    there = np.ones(size.items, dtype=bool)
    rates = list[float]()
    for where, n in ((device, size.visits), (None, max(size.visits // 16, 2))):
        agent = taught("user-factors", size.items, 32, where, epochs=1)
        visits = Visits(np.arange(n), 0, np.zeros(n, np.int32), there)

        def act(agent: Any = agent, visits: Visits = visits) -> int:
            return len(agent.act(visits, 1).items)

        rates.append(rate(act, size.turns if where else 1, where or "cpu"))
    return Row(f"decisions over {size.items:,} items x 32 hypotheses, 128 factors", "decisions", *rates)


def learning(size: Size, device: str) -> Row:
    """Users a second that a Mult-VAE of width 600 and 200 learns from, an epoch at a time."""
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(size.learners), 60)
    items = (size.learned * rng.random(len(owners)) ** 3).astype(np.int64)
    shape = (size.learners, size.learned)
    clicks = scipy.sparse.csr_array((np.ones(len(owners), np.float32), (owners, items)), shape=shape)
    rates = list[float]()
    for where in (device, "cpu"):
        model = MultVae(MultVaeSettings(epochs=1, warm_epochs=1, batch=500, learns_on=where))

        def fit(model: MultVae = model) -> int:
            model.fit(Interactions(clicks))
            return size.learners

        rates.append(rate(fit, size.turns if where == device else 1, where))
    what = f"Mult-VAE, {size.learned:,} items, 60 clicks a user, layers of 600 and 200"
    return Row(f"{what}: learning", "users", *rates)


def card(device: str) -> str:
    """Return what the device calls itself."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else f"none: torch's {device}"


def page(found: dict[str, Any]) -> str:
    """Return the rows as a page."""
    on = found["on"]
    lines = [
        "# On an accelerator",
        "",
        "Made by `python benchmarks/accelerator.py` from `accelerator.json` beside it; do not edit.",
        f"Both sides in one run: {on['card']}; the processor is {on['machine']}.",
        f"Python {on['python']}, NumPy {on['numpy']}, torch {on['torch']}. Time is that of the clock, rates are the",
        "best of several turns. On the processor worlds are NumPy, on one core.",
        "",
        "| what | a second | accelerator | processor | ratio | aim |",
        "|---|---|---:|---:|---:|---|",
    ]
    for row in found["rows"]:
        ours, theirs, limit = row["device"], row["processor"], row["limit"]
        aim = "" if not limit else f"{limit:,.0f}: " + ("holds" if ours >= limit else "**falls short**")
        figures = f"{ours:,.0f} | {theirs:,.0f} | {ours / theirs:,.1f}"
        lines.append(f"| {row['what']} | {row['unit']} | {figures} | {aim} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, keep the rows as JSON, and make the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="torch device")
    parser.add_argument("--small", action="store_true", help="try everything in seconds")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of accelerator.json and accelerator.md")
    given = parser.parse_args()
    size = SMALL if given.small else Size()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__}
    found: dict[str, Any] = {"on": {"card": card(given.device), "machine": machine, **versions}, "rows": []}
    given.out.mkdir(parents=True, exist_ok=True)
    for rows in (transitions, lambda *at: [learning(*at)], lambda *at: [decisions(*at)]):
        found["rows"] += [asdict(row) for row in rows(size, given.device)]
        (given.out / "accelerator.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (given.out / "accelerator.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
