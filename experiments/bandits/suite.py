"""The suite: every belief with every strategy on every kind of bandit that it applies to; it goes on after a kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from serendip.experiments.bandits import LEARNERS, TASKS
from serendip.experiments.bandits.play import Played, play
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece, run_pieces
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.settings_json import read_json, write_json

_ANY = ("linear", "linear-ensemble", "neural-linear")
_ARMS = ("beta", "bootstrap", "linear", "linear-ensemble", "logistic")
APPLY: dict[str, tuple[str, ...]] = {  # which beliefs a task is for
    "bernoulli": _ARMS,
    "drifting": ("beta", "fading-beta", *_ARMS[1:]),
    "linear": _ANY,
    "sparse-linear": _ANY,
    "clicks": (*_ANY, "logistic"),
    "wheel": _ANY,
    "network": _ANY,
}
_MOST = 100_000  # rounds, or runs
LONG = {("wheel", "linear"): 40}  # played a second time, so many times as long
MOST_RUNS = {"network": 10}  # 100 arms of 100 features take their time


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played.

    Attributes:
        horizon: number of rounds.
        runs: number of bandits of each kind.
        seed: seed of all that is random.
    """

    horizon: int = 2000
    runs: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.horizon <= _MOST and 2 <= self.runs <= _MOST):
            raise SettingsError(
                f"the horizon is {self.horizon:,} and there are {self.runs:,} runs; allowed are 1 to {_MOST:,} rounds "
                f"and 2 to {_MOST:,} runs"
            )


QUICK = Plan(horizon=200, runs=5)


@dataclass(frozen=True, slots=True)
class Unit:
    """One belief on one kind of bandit: the piece that is either finished or not there."""

    task: str
    learner: str
    horizon: int
    runs: int
    seed: int

    @property
    def name(self) -> str:
        """A name for its file."""
        return f"{self.task}-{self.learner}-{self.horizon}"

    def piece(self, out: Path) -> Piece:
        """Return the unit as a piece of work in the folder `out`."""
        return Piece(out / f"{self.name}.json", self.name, self.horizon, asdict(self), self.make)

    def make(self, at: Path, tell: Callable[[int], None]) -> None:
        """Play, and write what came of it to the file `at`; `tell` hears the number of rounds played."""
        played = play(self.task, self.learner, self.horizon, self.runs, self.seed, tell)
        write_json(at, asdict(self) | _to_json(played))

    def read(self, out: Path) -> Played | None:
        """Return what came of it, or None where it is not finished."""
        path = out / f"{self.name}.json"
        return _from_json(read_json(path), path) if path.exists() else None


def units(plan: Plan, tasks: Sequence[str] = (), learners: Sequence[str] = (), *, long: bool) -> list[Unit]:
    """Return what is to be played, all where none are named.

    Args:
        plan: how much of it.
        tasks: names in `TASKS`.
        learners: names in `LEARNERS`.
        long: whether also what is in `LONG`.

    Raises:
        SettingsError: an unknown name (the known ones are listed), or beliefs that apply to none of the tasks.
    """
    for kind, given, known in (("bandit", tasks, TASKS), ("belief", learners, LEARNERS)):
        for name in given:
            if name not in known:
                raise SettingsError(f"unknown {kind} {name!r}; known: {', '.join(known)}")
    pairs = [
        (task, learner) for task in tasks or APPLY for learner in APPLY[task] if not learners or learner in learners
    ]
    if not pairs:
        named = ", ".join(f"{task}: {', '.join(APPLY[task])}" for task in tasks)
        raise SettingsError(f"none of these beliefs applies to these bandits; {named}")
    lengths = [(*pair, plan.horizon) for pair in pairs]
    lengths += [(*pair, plan.horizon * LONG[pair]) for pair in pairs if long and pair in LONG]
    return [Unit(*length, min(plan.runs, MOST_RUNS.get(length[0], plan.runs)), plan.seed) for length in lengths]


def run_suite(
    plan: Plan, wanted: list[Unit], out: Path, console: Console, jobs: int = 0, backend: str = "loky"
) -> None:
    """Play what is not finished yet of `wanted` in the folder `out`.

    Args:
        plan: how much is played.
        wanted: what is played.
        out: folder of the results, made where it is missing.
        console: where progress is told.
        jobs: how many at a time; 0: one for each core.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.

    Raises:
        SettingsError: the folder holds results of another plan, or another run is at work there.
    """
    with claimed(out, Claim("suite.json", "bandits", asdict(plan))):
        run_pieces([unit.piece(out) for unit in wanted], jobs, console, "rounds", backend)


def _to_json(played: Played) -> dict[str, Any]:
    """Return regrets to six digits, which is more than their error."""

    def plain(values: Any) -> Any:
        return [[[float(f"{value:.6g}") for value in run] for run in group] for group in values.tolist()]

    return {
        "groups": played.groups,
        "rounds": played.rounds.tolist(),
        "regret": {name: plain(values) for name, values in played.regret.items()},
        "uniform": plain(played.uniform),
    }


def _from_json(values: Any, path: Path) -> Played:
    try:
        regret = {name: np.asarray(curves, dtype=np.float64) for name, curves in values["regret"].items()}
        uniform = np.asarray(values["uniform"], dtype=np.float64)
        return Played(tuple(values["groups"]), np.asarray(values["rounds"]), regret, uniform)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not the result of a unit; delete it and play again") from error
