"""The study of estimators: runs what is missing, and sums up what each estimator and interval was worth."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from scipy.stats import rankdata

from serendip.experiments import tables
from serendip.experiments.ope_study.cells import Cell, plan, to_json
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece, run_pieces
from serendip.experiments.running.pool import Tell
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings_json import read_json, write_json

_MOST_LOGS = 100_000


@dataclass(frozen=True, slots=True)
class Score:
    """How one estimator with one interval did in a cell, over its logs and targets.

    Attributes:
        dimension: what varies.
        setting: its value.
        estimator: its name.
        interval: its name; `default` is the one that reports show.
        n: estimates.
        bias: mean error, relative to the mean truth.
        rmse: root mean squared error, likewise.
        coverage: share of intervals that hold the truth.
        width: mean width, relative to the mean truth.
        rank_correlation: Spearman's, of estimates with truths over the targets of a log, mean over logs; None where no
            log has three targets valued.
    """

    dimension: str
    setting: float
    estimator: str
    interval: str
    n: int
    bias: float
    rmse: float
    coverage: float
    width: float
    rank_correlation: float | None


def run(out: Path, n_logs: int, console: Console, jobs: int = 0, backend: str = "loky") -> list[Score]:
    """Return the scores of all cells, running the logs that `out` does not have yet.

    Each log is a file, written whole: after a kill the same command goes on, and more logs are added to those there.

    Args:
        out: folder of the results, made where it is missing.
        n_logs: logs of each cell; fewer where one takes long.
        console: where progress is told.
        jobs: logs worked on side by side; 0: one for each core.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.

    Raises:
        SettingsError: `out` holds something else, or another run is at work there.
    """
    if not 2 <= n_logs <= _MOST_LOGS:
        raise SettingsError(f"logs is {n_logs:,}; allowed is 2 to {_MOST_LOGS:,}")
    cells = {cell: [_log(out, cell, seed) for seed in range(_n_logs(cell, n_logs))] for cell in plan()}
    with claimed(out, Claim("plan.json", "ope-study", {"logs": n_logs}, grows=("logs",))):
        run_pieces([piece for pieces in cells.values() for piece in pieces], jobs, console, "logs", backend)
        return [
            score
            for cell, pieces in cells.items()
            for score in summed_up(cell, [read_json(piece.path) for piece in pieces])
        ]


def _n_logs(cell: Cell, n_logs: int) -> int:
    return max(n_logs // cell.cost, 2)


def _log(out: Path, cell: Cell, seed: int) -> Piece:
    """Return what is to be found in a log as a piece of work."""
    path = out / "logs" / cell.name / f"{seed:04d}.json"
    return Piece(path, "", cell.cost, {"cell": cell.name, "seed": seed}, partial(_make, cell, seed))


def _make(cell: Cell, seed: int, at: Path, tell: Tell) -> None:
    """Write what was found in a log to the file `at`."""
    with tempfile.TemporaryDirectory() as folder:
        write_json(at, to_json(cell.make(seed, Path(folder))))
    tell(cell.cost)


def summed_up(cell: Cell, logs: list[dict[str, Any]]) -> list[Score]:
    """Return the scores of a cell from what was found in its logs."""
    mean = float(np.mean([log["truths"] for log in logs]))
    errors = defaultdict[str, list[float]](list)
    covered = defaultdict[tuple[str, str], list[bool]](list)
    widths = defaultdict[tuple[str, str], list[float]](list)
    ranks = defaultdict[str, list[float]](list)
    for log in logs:
        for name in sorted({name for one in log["estimates"] for name in one}):
            pairs = [(t, one[name]) for t, one in zip(log["truths"], log["estimates"], strict=True) if name in one]
            for truth, found in pairs:
                errors[name].append(found["value"] - truth)
                for interval, (low, high) in found["intervals"].items():
                    covered[name, interval].append(low <= truth <= high)
                    widths[name, interval].append(high - low)
            if len(pairs) >= 3:
                ranks[name].append(_spearman([f["value"] for _, f in pairs], [t for t, _ in pairs]))
    scores = list[Score]()
    for (name, interval), hits in covered.items():
        error = np.array(errors[name])
        correlation = float(np.mean(ranks[name])) if ranks[name] else None
        off = float(error.mean()) / mean, float(np.sqrt(np.mean(error**2))) / mean
        width = float(np.mean(widths[name, interval])) / mean
        scores.append(
            Score(
                cell.dimension, cell.setting, name, interval, len(hits), *off, float(np.mean(hits)), width, correlation
            )
        )
    return scores


def _spearman(one: list[float], other: list[float]) -> float:
    """Return Spearman's rank correlation; 0 where all are alike."""
    a, b = rankdata(one), rankdata(other)
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def markdown(scores: list[Score], interval: str = "default") -> str:
    """Return a table: a row an estimator, and for each cell its error, coverage and rank correlation."""
    parts = list[str]()
    for dimension in dict.fromkeys(score.dimension for score in scores):
        chosen = [s for s in scores if s.dimension == dimension and s.interval == interval]
        settings = list(dict.fromkeys(s.setting for s in chosen))
        lines = list[list[str]]()
        for name in dict.fromkeys(s.estimator for s in chosen):
            by_setting = {s.setting: s for s in chosen if s.estimator == name}
            lines.append([name, *(_entry(by_setting.get(setting)) for setting in settings)])
        parts.append(tables.markdown(["estimator", *(f"{dimension} {setting:g}" for setting in settings)], lines))
    return "\n".join(parts)


def _entry(score: Score | None) -> str:
    if score is None:
        return ""
    rank = "" if score.rank_correlation is None else f", {score.rank_correlation:.2f}"
    return f"{score.bias:+.1%}, {score.rmse:.1%}, {score.coverage:.0%}{rank}"


def intervals_table(scores: list[Score], dimension: str, setting: float) -> str:
    """Return a table of one cell: a row an estimator and interval, with coverage and width."""
    lines = [
        [s.estimator, s.interval, f"{s.coverage:.0%}", f"{s.width:.1%}"]
        for s in scores
        if (s.dimension, s.setting) == (dimension, setting)
    ]
    return tables.markdown(["estimator", "interval", "coverage", "width"], lines, left=2)
