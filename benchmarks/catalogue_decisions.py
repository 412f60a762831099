"""What it costs to decide over a large catalogue with many hypotheses, beside the bare matrix products.

1,000 users, 100,000 items and 32 hypotheses each, slates of 10 with exact propensities: `OMP_NUM_THREADS=1 python
benchmarks/catalogue_decisions.py`.  The bare products are those that no agent can do without, the last layer's or the
factors' with every item, in blocks of their own best size.  Medians of `--repeats`, in turns; memory is the most that
the process held meanwhile, less what it held before (Linux).  On the processor it is processor time; where torch finds
an accelerator, or `--device` names one, both work there and time is that of the clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from serendip.agents.recommender import Recommender
from serendip.agents.registry import make
from serendip.simulator.interface import Items, Visits

SLOTS, TAUGHT, CLICKS = 10, 2000, 30
BELIEFS: dict[str, tuple[int, dict[str, Any]]] = {  # the width of the last product, and the settings
    "latent": (200, {"model": "mult-vae", "hidden": [200], "latent": 64, "epochs": 1}),
    "user-factors": (128, {"model": "ials", "n_factors": 128}),
}


def clock(work: Callable[[], object], device: str | None) -> float:
    now = time.process_time if device is None else time.perf_counter
    began = now()
    work()
    return now() - began


def memory_mib(name: str) -> float:
    """Return `VmRSS`, what the process holds, or `VmHWM`, the most it held since `forget_peak`; Linux alone tells."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024.0


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def taught(belief: str, n_items: int, draws: int, device: str | None = None, **more: Any) -> Recommender:
    """Return an agent that has learned from some users' clicks, with `more` settings."""
    items = Items(np.zeros(n_items, np.int32), np.zeros(n_items, np.int32))
    settings = BELIEFS[belief][1] | more
    agent = make("thompson", items, SLOTS, 0, belief=belief, draws=draws, device=device, **settings)
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(TAUGHT), CLICKS)
    shown = (n_items * rng.random(len(users)) ** 3).astype(np.int64)
    agent.history.append_slots(users, shown, np.ones(len(users), dtype=bool))
    agent.update()
    return agent


def products(shape: tuple[int, int, int], draws: int, device: str | None) -> Callable[[], None]:
    """Return what makes the scores of `draws` hypotheses and nothing else, of users, factors and items so many."""
    rng = np.random.default_rng(1)
    n_users, width, n_items = shape
    factors = rng.standard_normal((width, n_items), dtype=np.float32)
    users = rng.standard_normal((n_users, width), dtype=np.float32)
    if device is not None:
        return products_on(device, torch.from_numpy(users), torch.from_numpy(factors), draws)
    out = np.empty((n_users, n_items), dtype=np.float32)

    def run() -> None:
        for _ in range(draws):
            np.matmul(users, factors, out=out)

    return run


def products_on(device: str, users: torch.Tensor, factors: torch.Tensor, draws: int) -> Callable[[], None]:
    users, factors = users.to(device), factors.to(device)
    out = torch.empty((len(users), factors.shape[1]), device=device)

    def run() -> None:
        for _ in range(draws):
            torch.mm(users, factors, out=out)
        out[0, 0].item()  # waits for the device

    return run


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    for name, default in (("users", 1000), ("items", 100_000), ("draws", 32), ("repeats", 3)):
        flags.add_argument(f"--{name}", type=int, default=default)
    flags.add_argument("--device", default="cuda" if torch.cuda.is_available() else None)
    chosen = flags.parse_args()
    there = np.ones(chosen.items, dtype=bool)
    visits = Visits(np.arange(chosen.users), 0, np.zeros(chosen.users, np.int32), there)
    where = chosen.device or "the processor"
    print(f"{chosen.users:,} users, {chosen.items:,} items, {chosen.draws} hypotheses, slates of {SLOTS}, on {where}")
    for belief, (width, _) in BELIEFS.items():
        agent = taught(belief, chosen.items, chosen.draws, chosen.device)
        forget_peak()
        held = memory_mib("VmRSS")
        agent.act(visits, 1)
        grown = memory_mib("VmHWM") - held
        bare_run = products((chosen.users, width, chosen.items), chosen.draws, chosen.device)
        runs = (lambda a=agent: a.act(visits, 1)), bare_run
        times = [[clock(run, chosen.device) for run in runs] for _ in range(chosen.repeats)]
        ours, bare = (statistics.median(each) for each in zip(*times, strict=True))
        ratio = statistics.median(one / other for one, other in times)
        everything = chosen.users * chosen.items * chosen.draws >> 18
        print(
            f"{belief:<14} {ours:6.1f} s, bare products (width {width}) {bare:6.1f} s, ratio {ratio:.2f}; "
            f"memory grew by {grown:,.0f} MiB (all scores at once: {everything:,})"
        )


if __name__ == "__main__":
    main()
