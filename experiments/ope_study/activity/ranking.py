"""Could an analyst have known?  The order in which each estimator puts the targets of a log, beside the true one."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from serendip.experiments import tables
from serendip.experiments.ope_study.activity.scores import ESTIMATORS, Case
from serendip.experiments.rows import as_csv, from_csv, values_of
from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole
from serendip.simulator.interface import Floats

_FEWEST = 3  # targets of which an order says something


@dataclass(frozen=True, slots=True)
class Valued:
    """What each estimator says of a target from one log, and what is true: days with a visit on the days that count.

    Attributes:
        world: name of the world.
        logger: who wrote the log.
        seed: number of the world.
        horizon: days that were looked ahead.
        target: who was valued.
        verdict: `reliable`, `weak` or `invalid`.
        logged: days with a visit per user of the log.
        truth: those when the target is run in the log's world.
        twin: said by a world fitted to the log; None where there is none.
        fitted_q: said by fitted Q.
        mis: said by marginalised importance sampling.
        drl: said by double reinforcement learning.
    """

    world: str
    logger: str
    seed: int
    horizon: int
    target: str
    verdict: str
    logged: float
    truth: float
    twin: float | None
    fitted_q: float | None
    mis: float | None
    drl: float | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well an estimator orders the targets of a log: means over logs and horizons.

    Attributes:
        estimator: its name.
        logs: logs and horizons with at least three targets valued.
        targets: targets valued, on average.
        correlation: Spearman's rank correlation with the truth.
        pairs: share of pairs of targets in the right order.
        regret: what the best of the valued targets has more than the one put first, relative to the log's users.
        by_chance: regret of a target drawn at random.
    """

    estimator: str
    logs: int
    targets: float
    correlation: float
    pairs: float
    regret: float
    by_chance: float


def valued(cases: Iterable[Case]) -> list[Valued]:
    """Return a row for each target and horizon of each log."""
    found = list[Valued]()
    for case in cases:
        said = {name: case.said.estimates[name].value for name in ESTIMATORS if name in case.said.estimates}
        place, told = case.place, case.told
        about = (place.world, place.logger, place.seed, told.horizon, told.target, case.word, told.logged, told.truth)
        found.append(Valued(*about, *(said.get(name) for name in ESTIMATORS)))
    return found


def rankings(rows: Sequence[Valued]) -> list[Ranking]:
    """Return how well each estimator orders targets; those with too few targets of any log are left out."""
    by_log = [list(group) for _, group in itertools.groupby(sorted(rows, key=_of_log), key=_of_log)]
    found = list[Ranking]()
    for name in ESTIMATORS:
        each = [ordered for group in by_log if (ordered := _ordered(name, group)) is not None]
        if each:
            found.append(Ranking(name, len(each), *(float(mean) for mean in np.mean(each, axis=0))))
    return found


def _of_log(row: Valued) -> tuple[str, str, int, int]:
    return row.world, row.logger, row.seed, row.horizon


def _ordered(name: str, rows: Sequence[Valued]) -> tuple[float, ...] | None:
    """Return what a `Ranking` has of one log and horizon; None where too few targets are valued."""
    both = [(value, row.truth) for row in rows if (value := getattr(row, name)) is not None]
    if len(both) < _FEWEST:
        return None
    said, true = np.array(both).T
    logged = rows[0].logged
    first = true[said == said.max()].mean()  # equal ones: one of them, by lot
    return (
        len(both),
        _correlation(said, true),
        _right_pairs(said, true),
        (true.max() - first) / logged,
        (true.max() - true.mean()) / logged,
    )


def _correlation(said: Floats, true: Floats) -> float:
    """Return Spearman's rank correlation; 0 where all are put level."""
    if np.ptp(said) == 0.0 or np.ptp(true) == 0.0:
        return 0.0
    return float(np.corrcoef(rankdata(said), rankdata(true))[0, 1])


def _right_pairs(said: Floats, true: Floats) -> float:
    """Return the share of pairs whose order is right; a pair that is put level counts half."""
    one, other = np.triu_indices(len(said), 1)
    differs = true[one] != true[other]
    agree = np.sign(said[one] - said[other]) * np.sign(true[one] - true[other])
    return float((0.5 + 0.5 * agree[differs]).mean()) if differs.any() else 0.5


def markdown(rows: Sequence[Valued]) -> str:
    """Return a table: a row a world and estimator, with the share of values whose verdict is `invalid`."""
    head = ["world", "estimator", "logs", "targets", "rank correlation", "pairs in order", "regret of its first",
            "by chance", "called invalid"]  # fmt: skip
    by_world = {world: [row for row in rows if row.world == world] for world in dict.fromkeys(r.world for r in rows)}
    lines = [_line(world, found, some) for world, some in by_world.items() for found in rankings(some)]
    return tables.markdown(head, lines, left=2)


def _line(world: str, found: Ranking, rows: Sequence[Valued]) -> list[str]:
    invalid = sum(row.verdict == "invalid" for row in rows) / len(rows)
    numbers = [str(found.logs), f"{found.targets:.1f}", f"{found.correlation:+.2f}"]
    shares = [f"{share:.0%}" for share in (found.pairs, found.regret, found.by_chance, invalid)]
    return [world, found.estimator, *numbers, *shares]


def write_rows(path: Path, rows: Iterable[Valued]) -> None:
    """Write `rows` as comma-separated values."""
    write_whole(path, as_csv(NAMES, (values_of(row, NAMES) for row in rows)))


def read_rows(path: Path) -> list[Valued]:
    """Return the rows of a file that `write_rows` wrote.

    Raises:
        DataError: it is no such file.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [from_csv(Valued, values) for values in csv.DictReader(file)]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}: not a table of values ({error}); `serendip ope-study --activity` writes one"
        ) from error


NAMES = tuple(field.name for field in fields(Valued))
