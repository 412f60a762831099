"""Tune every model alike, look at the test once, and write it all to a folder from which a second call goes on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from serendip.agents.models import MODELS
from serendip.agents.models.memory import MemoryNeedError
from serendip.experiments.benchmark.data import Events, read_with_words
from serendip.experiments.benchmark.metrics import TUNED_ON, evaluate
from serendip.experiments.benchmark.own_process import fitted, fitted_alone
from serendip.experiments.benchmark.splits import Protocol, Split, split
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece
from serendip.experiments.running.pool import Job, Tell
from serendip.simulator import randomness
from serendip.simulator.errors import DataError, SerendipError, SettingsError
from serendip.simulator.reading import Wanted
from serendip.simulator.settings_json import read_json, settings_to_json, write_json

Say = Callable[[str], None]
At = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a benchmark does; results of another plan are never mixed with its own.

    Attributes:
        data: what is read (see `read_events`).
        protocol: strong or weak generalisation, the test that comes with the data, the last click left out, or
            all after a moment.
        trials: settings tried for each model: its defaults, then random ones from its own space.
        min_rating: ratings below it are not positive; None for 4/5 of the largest.
        min_events: users with fewer positives are left out.
        seed: seed of the split and of the search.
        columns: what columns are called, as words such as `user=listener`.
        positive: what makes a row a positive, in place of ratings, such as `watch_ratio>=0.8`.
        time_unit: unit of times that are numbers from some start.
    """

    data: str
    protocol: Protocol = "strong"
    trials: int = 10
    min_rating: float | None = None
    min_events: int = 5
    seed: int = 0
    columns: tuple[str, ...] = ()
    positive: str | None = None
    time_unit: str | None = None

    @property
    def wanted(self) -> Wanted:
        """What is said of the data."""
        return Wanted(self.columns, self.min_rating, self.positive, self.time_unit)


def run(
    plan: Plan,
    models: tuple[str, ...],
    out: Path,
    say: Say = print,
    at: At | None = None,
    side_by_side: Callable[[Sequence[Job]], None] | None = None,
) -> None:
    """Tune and test `models`, and leave `trials/`, `tests/` and `plan.json` in the folder `out`.

    What is already there is not done again, but for trials that failed.

    Args:
        plan: what is done.
        models: names; none for all that can learn from these data.
        out: a folder, made if it is not there.
        say: takes a line for each thing done.
        at: takes what is being done, the steps that are done and how many there are.
        side_by_side: has jobs done, one for each model, which read the data by themselves; None: all is done here.

    Raises:
        SettingsError: an unknown model, one that needs an order in time which the data do not have, or `out` holds
            results of another plan, or is not the folder that workers wrote to.
        DataError: the data cannot be used; the message says why.
    """
    for name in models:
        MODELS.card(name)
    events, said, parts = _read(plan)
    names = _usable(models, events, say)
    with claimed(out, Claim("plan.json", "benchmark", settings_to_json(plan), inputs={"data": events.checksum()})):
        for line in (*said, _summary(events, parts)):
            say(line)
        if side_by_side is None:
            _tune_and_test(plan, names, parts, out, say, at)
            return
        there, folder = replace(plan, data=str(Path(plan.data).absolute())), out.absolute()
        work = [partial(_one, there, events.checksum(), name, folder) for name in names]
        side_by_side([Job(name, _n_trials(plan, name) + 1, do) for name, do in zip(names, work, strict=True)])
        if not any((out / "trials").glob("*.json")):
            raise SettingsError(f"{out}: workers wrote to another folder; --out must be one that all of them see")


def _read(plan: Plan) -> tuple[Events, list[str], Split]:
    """Return the events, what is to be said of them, and what is learned from, tuned and tested on."""
    least = 1 if plan.protocol == "time" else plan.min_events  # who takes part is then decided before each moment
    events, said = read_with_words(Path(plan.data), plan.wanted, least, given=plan.protocol == "given")
    return events, list(said), split(events, plan.protocol, plan.seed, plan.min_events)


@functools.lru_cache(maxsize=1)
def _kept(plan: Plan, checksum: str) -> Split:
    """Return what a worker reads once for many models on data of that checksum."""
    return _read(plan)[2]


def _one(plan: Plan, checksum: str, name: str, out: Path, tell: Tell) -> None:
    """Tune and test one model in a worker, and `tell` the number of steps done."""
    _tune_and_test(plan, (name,), _kept(plan, checksum), out, lambda line: None, lambda what, done, total: tell(done))


def _tune_and_test(plan: Plan, names: tuple[str, ...], parts: Split, out: Path, say: Say, at: At | None) -> None:
    """Do all trials of each model and then its test, in the folder `out`, which holds the plan."""
    done, total = 0, sum(_n_trials(plan, name) + 1 for name in names)
    for name in names:
        trials = list[dict[str, Any]]()
        for number in range(_n_trials(plan, name)):
            if at is not None:
                at(f"{name}, trial {number + 1} of {_n_trials(plan, name)}", done, total)
            trials.append(_trial(plan, name, number, parts, out, say))
            done += 1
        if at is not None:
            at(f"{name}, test", done, total)
        _test(name, trials, parts, out, say)
        done += 1


def _usable(models: tuple[str, ...], events: Events, say: Say) -> tuple[str, ...]:
    """Return `models`, or all where there are none; without an order in time not those which read it."""
    names = models or tuple(MODELS)
    ordered = [name for name in names if MODELS.card(name).sequential]
    if events.timed or not ordered:
        return names
    if models:
        raise SettingsError(
            f"{', '.join(ordered)}: models of the next click need an order in time, which these data do not have; "
            "leave them out"
        )
    say(f"no order in time, so without {', '.join(ordered)}")
    return tuple(name for name in names if name not in ordered)


def _summary(events: Events, parts: Split) -> str:
    n_users, n_items = events.shape
    return (
        f"{n_users:,} users, {n_items:,} items, {len(events.users):,} positives; {parts.train.shape[0]:,} users to "
        f"learn from, {parts.validation.known.shape[0]:,} to tune on, {parts.test.known.shape[0]:,} to test on"
    )


def _n_trials(plan: Plan, name: str) -> int:
    return plan.trials if MODELS.card(name).space else 1


def _trial(plan: Plan, name: str, number: int, parts: Split, out: Path, say: Say) -> dict[str, Any]:
    """Return one trial's settings and its mean metric on the validation users, from its file if that has one."""
    rng = randomness.generator(plan.seed, "trial", name, number)
    settings = settings_to_json(MODELS.card(name).settings if number == 0 else MODELS.card(name).draw(rng))
    path = out / "trials" / f"{name}-{number:03d}.json"
    given = {"model": name, "number": number, "settings": settings}
    piece = Piece(path, name, 1, given, lambda file, _: write_json(file, _tried(name, number, settings, parts, say)))
    if not piece.finished() or "error" in read_json(path):
        piece.finish()
    return read_json(path)


def _tried(name: str, number: int, settings: dict[str, Any], parts: Split, say: Say) -> dict[str, Any]:
    """Return what came of one trial: its cost and its metric, or the error that it ended with."""
    result: dict[str, Any] = {"settings": settings}
    try:
        model, cost = fitted(name, settings, parts.train, parts.validation)
        result |= {"seconds": cost["seconds"], TUNED_ON: float(evaluate(model, parts.validation)[TUNED_ON].mean())}
        say(f"{name} {number}: {result[TUNED_ON]:.4f} in {cost['seconds']:.1f} s")
    except (DataError, SettingsError):
        raise
    except SerendipError as error:
        result["error"] = str(error)
        say(f"{name} {number}: {error}")
    return result


def _test(name: str, trials: list[dict[str, Any]], parts: Split, out: Path, say: Say) -> None:
    """Rank for the test users with the settings that were best in `trials`, and keep every user's metrics."""
    tried = [trial for trial in trials if "error" not in trial]
    if not tried:
        return
    best = max(tried, key=lambda trial: trial[TUNED_ON])
    record = {"settings": best["settings"], "validation": best[TUNED_ON]}
    file, metrics, cost = out / "tests" / f"{name}.json", dict[str, Any](), dict[str, Any]()
    pieces = (
        Piece(file.with_suffix(".npz"), name, 1, record, lambda at, _: save_arrays(at, metrics)),
        Piece(file, name, 1, record, lambda at, _: write_json(at, record | cost)),
    )
    if all(piece.finished() for piece in pieces):
        return
    try:
        found = fitted_alone(name, best["settings"], parts)
    except MemoryNeedError as error:
        say(f"{name}: {error}")
        return
    cost.update(found[0])
    metrics.update({"activity": np.diff(parts.test.known.indptr).astype(np.float64), **found[1]})
    for piece in pieces:
        piece.finish()
    say(f"{name}: tested")


def save_arrays(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays to `path` in NumPy's compressed format, whatever the ending of its name."""
    save: Any = np.savez_compressed
    with path.open("wb") as file:
        save(file, **arrays)
