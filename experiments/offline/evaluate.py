"""What a target policy is worth, from a log that another policy wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.column_map import ColumnMap, parse_columns
from serendip.experiments.offline.intervals import Estimate
from serendip.experiments.offline.logged import Source
from serendip.experiments.offline.open_bandit import snapshot
from serendip.experiments.offline.reward_model import RewardTable
from serendip.experiments.offline.slots import joined
from serendip.experiments.offline.sources import LogSource
from serendip.experiments.offline.tables import TableSource
from serendip.experiments.offline.targets import (
    ColumnTarget,
    Predictions,
    Seen,
    Target,
    saved_agent,
    trained_agents,
)
from serendip.experiments.offline.valuation import Method, Valuation, Valued
from serendip.experiments.offline.verdict import judge, z_score
from serendip.simulator.interface import DataError, SettingsError

MEANING = (
    "A one-step estimate: the target's mean reward per slot in the states that the logging policy brought about. Where"
    " users do not change with what they are shown, that is its value; where they do, it is not its long-run value."
)
_BATCH = 1 << 16


@dataclass(frozen=True, slots=True)
class Truth:
    """What the target is really worth, from running it in the log's own world.

    Attributes:
        value: mean reward per slot.
        visits: visits per user and day, or None.
    """

    value: float
    visits: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Estimates of a target's value, and how far to trust them.

    Attributes:
        log: the log's path.
        target: what was valued.
        estimates: by name of the estimator.
        diagnostics: numbers by name; None where unknown.
        verdict: `reliable`, `weak` or `invalid`.
        reasons: why.
        truth: the known value, or None.
        truth_visits: visits per user and day of the target in the log's world, or None.
        notes: what the numbers mean and how they were made, in sentences.
        valued: the sums behind the estimates.
    """

    log: str
    target: str
    estimates: dict[str, Estimate]
    diagnostics: dict[str, float | None]
    verdict: str
    reasons: list[str]
    truth: float | None
    truth_visits: float | None
    notes: list[str]
    valued: Valued | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as plain JSON values; what is not finite is null."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "valued"}
        values["estimates"] = {name: dataclasses.asdict(e) for name, e in self.estimates.items()}
        first = ("estimates", "diagnostics", "verdict", "reasons", "truth")
        values["by_activity"] = [dataclasses.asdict(tenth) for tenth in self.valued.tenths] if self.valued else []
        return _finite({name: values[name] for name in (*first, *(n for n in values if n not in first))})


def open_source(path: Path, columns: ColumnMap = (), target_column: str | None = None) -> Source:
    """Return the log at `path`: this project's own where there is a meta.json or decisions/, else a table.

    Raises:
        DataError: nothing is there that can be read.
        SettingsError: columns are named for a log that has its own.
    """
    mapped = parse_columns(columns)
    own = path.is_dir() and ((path / "meta.json").exists() or (path / "decisions").exists())
    if own and (mapped or target_column):
        raise SettingsError(f"{path}: a log of this project's own format; it takes no column names")
    if own:
        return LogSource(path)
    if target_column is not None:
        mapped["target"] = target_column
    return TableSource(_bandit_file(path), mapped)


def evaluate(
    log: Path,
    target: str | None = None,
    *,
    columns: ColumnMap = (),
    target_column: str | None = None,
    truth: Callable[[], Truth | float] | Truth | float | None = None,
    method: Method | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Return estimates of what `target` is worth, from the log alone, with 95% intervals over users and a verdict.

    Args:
        log: a log's folder, an Open Bandit folder, a Parquet or CSV file, or a folder of Parquet parts.
        target: an agent's name or a saved agent's folder; None where a column says what the target would do.
        columns: what the columns of a file are called, by the log's own names.
        target_column: column with the target's probability of each logged item.
        truth: the known value, or what finds it out, for a simulated log.
        method: estimators, bootstrap and seed.
        progress: called with the slots done and the slots there are.

    Raises:
        DataError: the log or the agent cannot be read; the message names the file and the row.
        SettingsError: an unknown agent, column or estimator, or no target.
    """
    source = open_source(log, columns, target_column)
    method = dataclasses.replace(method or Method(), rows_are_users=source.rows_are_users)
    clip = float(max(np.sqrt(source.n_rows), 1.0))
    tuning = {"clip": clip, "smoothing": 1.0 / clip} | dict(method.tuning or {})
    method = dataclasses.replace(method, tuning=tuning)
    policy = choose_target(target, source, target_column, method.seed)
    names = estimators.possible(method.estimators, policy.further(source))
    method = dataclasses.replace(method, estimators=names)
    predictions = None if isinstance(policy, ColumnTarget) else fit_rewards(source, method.seed)
    valued, unseen = value(policy.view(source, predictions), method, source.n_rows, progress)
    if valued is None:
        raise DataError(f"{log}: holds no slots; nothing can be estimated from an empty log")
    diagnostics = _diagnostics(valued, unseen, source.propensity_floor) | {"clip": tuning["clip"]}
    verdict = judge(diagnostics)
    known = truth() if callable(truth) else truth
    known = known if isinstance(known, Truth) or known is None else Truth(float(known))
    return Evaluation(
        log=str(log),
        target=target or f"column {target_column}",
        estimates=valued.estimates(
            source.reward_range or _range_of(valued),
            _largest_weights(tuning["clip"], source.propensity_floor) if source.reward_range else None,
        ),
        diagnostics=diagnostics,
        verdict=verdict.word,
        reasons=verdict.reasons,
        truth=None if known is None else known.value,
        truth_visits=None if known is None else known.visits,
        notes=[MEANING, *policy.notes, *source.notes, *_of_slates(valued)],
        valued=valued,
    )


def fit_rewards(source: Source, seed: int) -> Predictions:
    """Return what a reward model, cross-fitted by user, says of each item at each position; one pass over the log."""
    table = RewardTable(source.items().topic, source.slate_size, seed)
    for logged in source.batches():
        table.update(logged.user, logged.position, logged.item, logged.reward)
    return Predictions(table.fit(), table.never_shown, seed)


def value(
    seen: Iterator[Seen], method: Method, n_rows: int, progress: Callable[[int, int], None] | None = None
) -> tuple[Valued | None, float | None]:
    """Return the sums of a pass over a target's view of a log, and the target's mean probability of unseen items."""
    valuation, unseen, done = Valuation(method), 0.0, 0
    for batch in _gathered(seen):
        valuation.update(batch.slots)
        unseen += float(batch.unseen.sum())
        done += len(batch.slots)
        if progress is not None:
            progress(done, n_rows)
    return valuation.finish(), unseen / done if done and np.isfinite(unseen) else None


def _gathered(seen: Iterator[Seen]) -> Iterator[Seen]:
    """Yield the slots of many small steps as few large batches."""
    waiting, n = list[Seen](), 0
    for one in seen:
        waiting.append(one)
        n += len(one.slots)
        if n >= _BATCH:
            yield _concatenated(waiting)
            waiting, n = [], 0
    if waiting:
        yield _concatenated(waiting)


def _concatenated(seen: list[Seen]) -> Seen:
    if len(seen) == 1:
        return seen[0]
    return Seen(joined([one.slots for one in seen]), np.concatenate([one.unseen for one in seen]))


def choose_target(target: str | None, source: Source, target_column: str | None, seed: int) -> Target:
    """Return what is to be valued: a saved agent where the folder exists, else an agent by its name, else a column."""
    has_column = target_column is not None or (isinstance(source, TableSource) and source.has_target)
    if target is None:
        if not has_column:
            raise SettingsError("no target; say --target AGENT, --target DIR or --target-column COLUMN")
        return ColumnTarget()
    if has_column:
        raise SettingsError(f"two targets, {target!r} and a column; say which one to value")
    if target == "bts":
        return snapshot(source)
    if Path(target).is_dir():
        return saved_agent(Path(target), source.items(), source.slate_size, seed)
    if "/" in target or "\\" in target:
        raise DataError(f"{target}: no such folder; a target is an agent's name or a saved agent's folder")
    return trained_agents(target, source, seed)


def _diagnostics(valued: Valued, unseen: float | None, floor: float) -> dict[str, float | None]:
    mean, error = valued.mean_weight()
    weights, n_users = valued.weights, valued.moments.n_users
    unsupported = max(1.0 - mean, 0.0) if unseen is None else 0.0 if floor > 0.0 else unseen
    return {
        "mean_weight": mean,
        "effective_sample_size": weights.effective_sample_size,
        "max_weight": weights.largest,
        "mean_weight_z": z_score(mean, error, n_users),
        "top_1_percent_share": weights.share_of_top(0.01),
        "unsupported_target_mass": unsupported,
        "unseen_target_mass": unseen,
        "mean_slate_weight": valued.mean_slate_weight(),
        "tail_index": weights.tail_index(),
        "least_overlap": min((tenth.effective_users / tenth.n_users for tenth in valued.tenths), default=None),
        "n_users": float(n_users),
        "n_slots": float(weights.n),
        "n_rewarded": float(weights.n_rewarded),
    }


def _of_slates(valued: Valued) -> list[str]:
    """Return why whole slates are not weighed, where they cannot be."""
    if valued.has_slates():
        return []
    return [
        f"slate_ips and slate_snips are left out: the mean weight of a slate is {valued.mean_slate_weight():.2g} and"
        " should be 1, so the log has too few of the target's slates."
    ]


def _largest_weights(clip: float, floor: float) -> dict[str, float]:
    """Return how large the weights of an estimator can be, of those for which that is known."""
    return {"clipped_ips": clip} | ({"ips": 1.0 / floor} if floor > 0.0 else {})


def _range_of(valued: Valued) -> tuple[float, float]:
    """Return where rewards can lie when nothing is declared: 0 to 1, or all that was seen."""
    low, high = valued.reward_range
    return min(low, 0.0), max(high, 1.0)


def _bandit_file(path: Path) -> Path:
    """Return the campaign's CSV of an Open Bandit folder, or `path` as it is."""
    inside = path / f"{path.name}.csv"
    return inside if (path / "item_context.csv").exists() and inside.exists() else path


def _finite(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: _finite(inner) for key, inner in values.items()}
    if isinstance(values, list):
        return [_finite(inner) for inner in values]
    return None if isinstance(values, float) and not np.isfinite(values) else values
