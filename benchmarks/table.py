"""One table of what this project does beside others, each row measured in turns with its peer in this very run.

    python benchmarks/table.py [--out docs] [--seconds 3]

Seconds are those of the processor, on one thread, so that other work on the machine counts against nobody; rates are
the median of turns, and ratios the median of the turns' ratios.  `bench.json` keeps the rows; `bench.md` is made of it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import beliefs
import lives
import numpy as np

from serendip.envs.population import PopulationEnv
from serendip.envs.user import UserEnv
from serendip.simulator import population
from serendip.simulator.population import draw_population
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

TURNS = 5


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: what is measured.
        unit: of both figures.
        ours: this project's figure.
        peer: who stands beside it, or what.
        theirs: its figure, None where it is not installed.
        ratio: ours over theirs.
        limit: what was aimed at, in words.
        holds: whether it holds here, None where nothing was aimed at or the peer is missing.
    """

    what: str
    unit: str
    ours: float
    peer: str
    theirs: float | None
    ratio: float | None
    limit: str = ""
    holds: bool | None = None


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds of the processor that `work` took."""
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turns(ours: Callable[[], float], theirs: Callable[[], float] | None) -> tuple[float, float | None, float | None]:
    """Return the medians of both and of their ratios, measured in turns."""
    pairs = [(ours(), None if theirs is None else theirs()) for _ in range(TURNS)]
    one = float(np.median([first for first, _ in pairs]))
    if theirs is None:
        return one, None, None
    other = float(np.median([second for _, second in pairs if second]))
    return one, other, float(np.median([first / second for first, second in pairs if second]))


def world_of(n_items: int, **people: Any) -> World:
    """Return the default world in another size, with slates of ten."""
    base, _ = read_world("default")
    catalogue = replace(base.catalogue, n_items=n_items)
    return World(
        replace(base, slate_size=lives.SLOTS, catalogue=catalogue, population=replace(base.population, **people)), 0
    )


def single(seconds: float) -> Row:
    """Steps of one user, beside SARDINE."""
    ours, theirs = UserEnv(world_of(1_000), slate_size=lives.SLOTS), None
    if importlib.util.find_spec("sardine"):
        import gymnasium
        import sardine  # noqa: F401  registers its environments

        peer = gymnasium.make("sardine/SlateTopK-Bored-v0").unwrapped
        theirs = lambda: lives.single(peer, 1_000, seconds / TURNS)  # noqa: E731
    found = in_turns(lambda: lives.single(ours, 1_000, seconds / TURNS), theirs)
    holds = None if found[2] is None else found[2] >= 10.0
    limit = "at least 10 times"
    return Row("`User-v0`, 1,000 items, slates of 10", "steps/s", found[0], "SARDINE", *found[1:], limit, holds)


def vector(seconds: float) -> Row:
    """Steps of a thousand users at once, beside one at a time."""
    world = world_of(1_000)
    one = UserEnv(world, slate_size=lives.SLOTS)
    found = in_turns(lambda: lives.many(world, seconds / TURNS), lambda: lives.single(one, 1_000, seconds / TURNS))
    limit = "at least 1,000,000"
    return Row(
        "... 1,000 rows, native vector", "steps/s", found[0], "`User-v0`, one", *found[1:], limit, found[0] >= 1e6
    )


def everybody(seconds: float) -> Row:
    """Slates of `Population-v0`, beside the world's own round on the same users."""
    world = world_of(1_000)
    env = PopulationEnv(world)
    seen, _ = env.reset(seed=0)
    slates = np.argsort(np.random.default_rng(0).random((world.n_users, 1_000)), axis=1)[:, : lives.SLOTS]
    state = world.start()

    def ours() -> float:
        nonlocal seen
        shown, start = 0, time.process_time()
        while time.process_time() - start < seconds / TURNS:
            shown += int(seen["visiting"].sum())
            seen, _, terminated, truncated, _ = env.step(slates)
            if terminated or truncated:
                seen, _ = env.reset()
        return shown / (time.process_time() - start)

    def bare() -> float:
        shown, start = 0, time.process_time()
        while time.process_time() - start < seconds / TURNS:
            world.show(state, 0, 0, world.user_ids, slates)
            shown += world.n_users
        return shown / (time.process_time() - start)

    found = in_turns(ours, bare)
    return Row("`Population-v0`, 2,000 users", "slates/s", found[0], "`World.show`, everybody", *found[1:])


def drawing(n_users: int = 200_000) -> Row:
    """Microseconds to draw a user, beside the same draws by NumPy."""
    base, _ = read_world("default")
    settings = replace(base.population, n_users=n_users)

    def drawn(compiled: bool) -> float:
        population.COMPILED_FROM = 0 if compiled else 1 << 60
        took = seconds_of(lambda: draw_population(settings, base.catalogue.n_topics, base.known_from, 0))
        population.COMPILED_FROM = 1 << 22
        return 1e6 * took / n_users

    drawn(True)  # compiled, or read from where it was kept
    found = in_turns(lambda: drawn(True), lambda: drawn(False))
    limit = "at most 1"
    return Row(
        "drawing a user, 64 topics", "microseconds", found[0], "NumPy, same bytes", *found[1:], limit, found[0] <= 1.0
    )


def learning() -> Row:
    """Milliseconds of a day's `observe` and `update` of the linear belief, beside the bare algebra."""
    ours, bare = beliefs.learning(TURNS)
    limit = "at most 1.3 times"
    figures = 1e3 * ours, "the bare algebra", 1e3 * bare, ours / bare
    return Row("linear belief, `observe` + `update`, 10,000 visits", "ms", *figures, limit, ours / bare <= 1.3)


def decisions() -> list[Row]:
    """Decisions of the server in batches, beside contextualbandits."""
    ours, theirs = beliefs.decisions(TURNS), beliefs.contextualbandits(TURNS)
    rows = list[Row]()
    for n in (1_000, beliefs.USERS):
        mine = ours[f"server, batches of {n:,}"]
        other = theirs.get(f"contextualbandits BootstrappedTS, batches of {n:,}")
        ratio = None if other is None else mine / other
        rows.append(Row(f"server, batches of {n:,}", "decisions/s", mine, "contextualbandits", other, ratio))
    return rows


def measure(seconds: float) -> dict[str, Any]:
    """Return all rows, with what they were measured on."""
    rows = [single(seconds), vector(seconds), everybody(seconds), drawing(), learning(), *decisions()]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, one thread, load {os.getloadavg()[0]:.1f}"
    on = {"python": platform.python_version(), "numpy": np.__version__, "machine": machine}
    return {"on": on, "rows": [asdict(row) for row in rows]}


def figure(value: float | None) -> str:
    """Return a figure with three digits that count."""
    if value is None:
        return "not installed"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def page(found: dict[str, Any]) -> str:
    """Return the rows as a page."""
    on, held = found["on"], {True: "holds", False: "**falls short**", None: ""}
    lines = [
        "# Side by side",
        "",
        "Made by `make bench` from `bench.json` beside it; do not edit. Each row was measured in turns with its peer,",
        f"in one run: Python {on['python']}, NumPy {on['numpy']}, {on['machine']};",
        "seconds of the processor. What an accelerator makes of it: [accelerator.md](accelerator.md).",
        "",
        "| what | ours | peer | its figure | ratio | limit | |",
        "|---|---:|---|---:|---:|---|---|",
    ]
    for row in found["rows"]:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3g}"
        ours, theirs = f"{figure(row['ours'])} {row['unit']}", figure(row["theirs"])
        cells = row["what"], ours, row["peer"], theirs, ratio, row["limit"], held[row["holds"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, keep the rows as JSON, and make the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder for bench.json and bench.md")
    parser.add_argument("--seconds", type=float, default=3.0, help="time to spend on each side of a row")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    found = measure(given.seconds)
    (given.out / "bench.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (given.out / "bench.md").write_text(page(found), encoding="utf-8")
    print(page(found))


if __name__ == "__main__":
    main()
