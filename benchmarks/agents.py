"""How long agents take to live in `default`, beside the bare algebra of what they decide and learn with.

Run as `OMP_NUM_THREADS=1 python benchmarks/agents.py [--days 240] [--seed 20] [--agents NAME ...]`.  Seconds of the
processor on one thread.  The algebra is timed in the same run, and counts what no agent of that kind can do without:
the products of hypotheses with items for every slate (with exact normals of NumPy), the inverses and products of every
update.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import blas, lapack

from serendip.agents.registry import make
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.oracles import ORACLES, OraclePlayer
from serendip.simulator.dynamics import State
from serendip.simulator.interface import Feedback, Ints, Slates, Visits
from serendip.simulator.world import make_world

_BLAS: Any = blas
_LAPACK: Any = lapack
DRAWS, MEMBERS, ROWS = 16, 10, 64  # hypotheses a slate, models of an ensemble, rows of a product
AGENTS = (
    "logistic-greedy",
    "logistic-thompson",
    "vae-thompson",
    "bootstrap-thompson",
    "field-thompson",
    "oracle-growth",
)


class Counting:
    """Counts the slates of a life."""

    def __init__(self) -> None:
        self.n_slates = 0

    def came(self, day: int, users: Ints) -> None:
        """Hear who visits."""

    def saw(self, visits: Visits, slates: Slates, feedback: Feedback, version: int) -> None:
        """Count these."""
        self.n_slates += len(visits)

    def night(self, day: int, state: State) -> None:
        """Hear that a day is over."""


def seconds(work: Callable[[], object], repeats: int = 20) -> float:
    """Return the least seconds of the processor that `work` took."""
    times = list[float]()
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def algebra(name: str, n_items: int, n_slates: int, n_updates: int) -> float:
    """Return the seconds that the products and inverses alone take; NaN where nothing is counted.

    Args:
        name: of the agent.
        n_items: items.
        n_slates: slates chosen.
        n_updates: times it learned.
    """
    rng = np.random.default_rng(0)
    square = np.asfortranarray(rng.standard_normal((n_items, n_items), dtype=np.float32))
    block = rng.standard_normal((ROWS, 200), dtype=np.float32)
    per_row = 1.0 / ROWS
    if name == "vae-thompson":
        first, last = (rng.standard_normal(shape, dtype=np.float32) for shape in ((32, 200), (200, n_items)))
        row = seconds(lambda: np.tanh(block[:, :32] @ first) @ last) * per_row
        return n_slates * DRAWS * row
    if name == "field-thompson":
        normals = np.asfortranarray(rng.standard_normal((n_items, ROWS), dtype=np.float32))
        return n_slates * DRAWS * seconds(lambda: _BLAS.strmm(1.0, square, normals, lower=1)) * per_row
    if name == "bootstrap-thompson":
        positive = square @ square.T + 300.0 * np.eye(n_items, dtype=np.float32)

        def fit() -> None:
            inverse = _LAPACK.spotri(_LAPACK.spotrf(positive, lower=1)[0], lower=1)[0]
            _BLAS.sgemm(1.0, inverse, square)

        return n_updates * MEMBERS * seconds(fit, 5)
    if name.startswith("logistic"):
        pairs, weights = (rng.standard_normal((n_items, 36)) for _ in range(2))
        moments = seconds(lambda: np.einsum("md,md->m", pairs, weights))
        normals = 0.0 if "greedy" in name else DRAWS * seconds(lambda: rng.standard_normal(n_items, dtype=np.float32))
        return n_slates * (moments + normals)
    return float("nan")


def main() -> None:
    """Print a line for each agent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=240)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--agents", nargs="+", default=AGENTS)
    chosen = parser.parse_args()
    print("| agent | seconds | slates | microseconds a slate | bare algebra, seconds |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in chosen.agents:
        world = make_world("default", chosen.seed)
        size = world.settings.slate_size
        oracle = name in ORACLES
        player: Any = OraclePlayer(name, world, {}) if oracle else make(name, world.items, size, chosen.seed)
        counting = Counting()
        began = time.process_time()
        live(world, player, Schedule(days=chosen.days), [counting])
        took = time.process_time() - began
        bare = algebra(name, world.n_items, counting.n_slates, chosen.days // 5)
        micro = 1e6 * took / counting.n_slates
        print(f"| {name} | {took:.1f} | {counting.n_slates:,} | {micro:.0f} | {bare:.1f} |", flush=True)


if __name__ == "__main__":
    main()
