"""The cells of the study: a setting, many logs, and how far each estimator and each interval was off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term import estimators as long_run
from serendip.experiments.offline.long_term.double_reinforcement import double_reinforcement
from serendip.experiments.offline.long_term.fitted_q import fitted_q
from serendip.experiments.offline.valuation import Method, Valuation
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.on_policy import on_policy_truth
from serendip.experiments.online.unit import Unit
from serendip.experiments.ope_study.one_step_world import OneStep, OneStepWorld
from serendip.experiments.ope_study.tabular_world import TabularWorld
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

BASE, N_REPLICATES = OneStep(), 100
_EXPLORES = (0.1, 0.4, 0.6, 0.8)  # of the long run's targets; the log explores 0.2
_SIMULATED = ("uniform", "popularity", "ease-greedy")


@dataclass(frozen=True, slots=True)
class Found:
    """What the estimators made of one log: for each target its truth and its estimates."""

    truths: list[float]
    estimates: list[dict[str, Estimate]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A setting and how its logs are made.

    Attributes:
        dimension: what varies: log size, slate size, ...
        setting: its value.
        make: returns what was found in the log of that number; the folder is for what it writes.
        cost: logs in the time of a plain one.
    """

    dimension: str
    setting: float
    make: Callable[[int, Path], Found] = field(repr=False)
    cost: int = 1

    @property
    def name(self) -> str:
        """A name for a file."""
        return f"{self.dimension.replace(' ', '-')}-{self.setting:g}"


def plan() -> list[Cell]:
    """Return all cells: the base setting with one thing changed at a time, the long run, the simulator."""
    varied: list[tuple[str, str, tuple[float, ...]]] = [
        ("log size", "n_users", (100, 300, 1000, 3000)),
        ("slate size", "slate_size", (1, 3, 6)),
        ("catalogue size", "n_items", (10, 20, 100)),
        ("logging epsilon", "epsilon", (0.05, 0.3, 1.0)),
    ]
    cells = list[Cell]()
    for dimension, name, settings in varied:
        for setting in settings:
            kind = float if name == "epsilon" else int
            world = replace(BASE, **{name: kind(setting)})
            cells.append(Cell(dimension, setting, _one_step(world)))
    cells += [Cell("horizon", days, _long_run(days), cost=2) for days in (15, 45, 90)]
    return [*cells, Cell("simulator, users", 100, _simulated, cost=10)]


def _one_step(settings: OneStep) -> Callable[[int, Path], Found]:
    def make(seed: int, folder: Path) -> Found:
        world = OneStepWorld(settings, seed)
        log = world.log()
        truths, found = list[float](), list[dict[str, Estimate]]()
        clip = float(np.sqrt(log.items.size))
        for target in world.targets:
            slots = world.seen_by(target, log)
            names = estimators.possible(list(estimators.ESTIMATORS), ["predicted", "expected", *slots.further])
            method = Method(names, {"clip": clip, "smoothing": 1.0 / clip}, seed=seed, n_replicates=N_REPLICATES)
            valuation = Valuation(method)
            valuation.update(slots)
            valued = valuation.finish()
            assert valued is not None
            truths.append(world.truth(target))
            found.append(
                valued.estimates((0.0, 1.0), {"clipped_ips": clip, "ips": settings.n_items / settings.epsilon})
            )
        return Found(truths, found)

    return make


def _long_run(horizon: int) -> Callable[[int, Path], Found]:
    def make(seed: int, folder: Path) -> Found:
        world = TabularWorld()
        found = list[dict[str, Estimate]]()
        for explores in _EXPLORES:
            days = world.log(1000, horizon, 0.2, explores, seed)
            found.append(
                {
                    "mis": long_run.marginalised(days, horizon, seed, N_REPLICATES),
                    "drl": double_reinforcement(days, horizon, seed),
                    "fitted_q": fitted_q(days, horizon, seed=seed, n_replicates=N_REPLICATES).value,
                    "per_decision_is": long_run.per_decision(days, horizon),
                    "one_step": long_run.one_step(days, horizon),
                }
            )
        return Found([world.truth(explores, horizon) for explores in _EXPLORES], found)

    return make


def _simulated(seed: int, folder: Path) -> Found:
    """Return what was found in a log of `ease-epsilon` in a small simulated world whose users do not change.

    The truth is what each target earns when it is run there, against the same luck.
    """
    settings = replace(read_world("tiny")[0], dynamics={"kind": "static"})
    world = folder / "world"
    World(settings, 0).save(world)
    unit = Unit(folder / f"log-{seed}", world, "ease-epsilon:epsilon=0.5", seed, Schedule(30, 5), logged=True)
    if not unit.finished():
        unit.run()
    truths, found = list[float](), list[dict[str, Estimate]]()
    for target in _SIMULATED:
        method = Method(seed=seed, n_replicates=N_REPLICATES)
        found.append(evaluate(unit.folder / "log", target, method=method).estimates)
        truths.append(on_policy_truth(unit.folder / "log", target, seed).value)
    return Found(truths, found)


def of_estimate(estimate: Estimate) -> dict[str, tuple[float, float]]:
    """Return all intervals of an estimate by name."""
    if estimate.low is None or estimate.high is None:
        return {}
    return {"default": (estimate.low, estimate.high)} | estimate.others


def to_json(found: Found) -> dict[str, Any]:
    """Return plain JSON values."""
    rows = [
        {name: {"value": e.value, "intervals": of_estimate(e)} for name, e in one.items() if e.value is not None}
        for one in found.estimates
    ]
    return {"truths": found.truths, "estimates": rows}
