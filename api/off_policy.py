"""What a policy is worth, from a log alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from serendip.estimates import Estimates
from serendip.frames import as_path
from serendip.frames import named as called
from serendip.parts import named
from serendip.simulator.errors import SettingsError
from serendip.workers import workers_for


def evaluate(
    log: Any,
    target: Any = None,
    *,
    target_column: str | None = None,
    against: Any = None,
    outcome: Literal["reward", "activity"] = "reward",
    horizon: int = 90,
    last: int | None = None,
    short_run: str | Path | None = None,
    twin: bool = True,
    estimators: Sequence[str] = (),
    reward_model: str = "table",
    tune: bool = False,
    distribution: bool = False,
    by: Literal["position", "week", "cohort"] | None = None,
    reward_range: tuple[float, float] | None = None,
    propensity_model: str | None = None,
    context: Sequence[str] = (),
    loggers: Sequence[str] = (),
    features: Sequence[str] = (),
    trained_apart: bool = False,
    truth: bool = False,
    jobs: int | None = None,
    backend: Literal["loky", "threading", "ray", "dask", "duckdb", "polars"] = "loky",
    columns: Mapping[str, str] | None = None,
    quiet: bool = False,
    **roles: str,
) -> Estimates:
    """Return what a policy is worth, from a log that another policy wrote.

    Args:
        log: a log's folder, a file, or a data frame of pandas, polars, DuckDB or PyArrow with one logged slot a row.
        target: an agent by name, a saved agent's folder, one's own (`file.py:Class`, a class or an instance), or for
            one's own table the column with the target's probability of each logged item.
        target_column: that column, where a target of the same name could be meant.
        against: another target to estimate the difference to, paired over users.
        outcome: what the target is valued by: `reward`, its mean reward per slot, or `activity`, days with a visit per
            user over a horizon.
        horizon: days to look ahead, for activity.
        last: how many last days of the horizon count, for activity; all when left out.
        short_run: a log of some days under the target itself, in place of a target, for activity.
        twin: whether a world is also fitted to the log and the target run in it, for activity.
        estimators: which ones (`serendip.list("estimators")`); the usual ones when left out.
        reward_model: the model of DM, DR and their kin.
        tune: whether clips and their kin are chosen by SLOPE.
        distribution: whether quantiles of the reward are estimated too.
        by: what parts of the log are valued too: each position, week or cohort of users.
        reward_range: smallest and largest reward that can occur in one's own table.
        propensity_model: by which propensities are estimated that a table lacks; the verdict is then `weak` at most.
        context: numeric columns that this model may use.
        loggers: policies that wrote one's own table, each as NAME=COLUMN with its probability of what was shown.
        features: columns of one's own table that say something of a row's reward whatever is shown.
        trained_apart: whether the target owes nothing to the rewards of these users, for certain.
        truth: whether the target is also run in the log's own world (simulated logs only).
        jobs: processes that share out the files of a folder of Parquet parts; this one when left out.
        backend: where these run: here (`loky`, `threading`), on a cluster of `ray` or `dask`, or in an engine that sums
            Parquet files itself (`duckdb`, `polars`).
        columns: what the columns of one's own table are called, by their roles, such as `{"reward": "click"}`.
        quiet: whether nothing is said of progress.
        roles: the same as words of their own: `reward="click"`, `propensity="pscore"`, `user="user_id"`.

    Raises:
        DataError: the log cannot be read, or lacks what the estimators need.
        SettingsError: an unknown agent, column or estimator, or no target.

    Example:
        >>> import serendip
        >>> log = {"click": [1, 0, 0, 1] * 50, "pscore": [0.5] * 200, "pi": [0.5] * 200, "user_id": list(range(200))}
        >>> serendip.evaluate(log, target="pi", reward="click", propensity="pscore", user="user_id").value
        0.5
    """
    from serendip.experiments.offline.estimators import usual
    from serendip.experiments.offline.reading.opening import TableOptions
    from serendip.experiments.offline.valuation import Method
    from serendip.experiments.running.counting import counted

    if outcome not in ("reward", "activity"):
        raise SettingsError(f"outcome is {outcome!r}; allowed are reward and activity (--outcome)")
    if truth and target is None:
        raise SettingsError("truth runs the target in the log's world; say which with target (--target AGENT|DIR)")
    method = Method(
        tuple(estimators) or usual(),
        reward_model=reward_model,
        tune=tune,
        distribution=distribution,
        by=by,
        trained_apart=trained_apart,
    )
    options = TableOptions(reward_range, propensity_model, tuple(context), tuple(loggers), tuple(features))
    with as_path(log) as path, counted("reading and training", quiet) as at:
        if target_column is None and isinstance(target, str) and _is_column(path, target):
            target, target_column = None, target
        one, other = (None if policy is None else named(policy) for policy in (target, against))
        asked = _Asked(path, one, against if target_column else other, truth, at)
        if outcome == "activity":
            if target_column:
                raise SettingsError(
                    "activity is that of an agent; name one as the target in place of a column (--target)"
                )
            return Estimates(_activity(asked, {**(columns or {}), **roles}, horizon, last, short_run, twin))
        if last or short_run:
            raise SettingsError("last and short_run are for outcome activity (--last, --short-run, --outcome activity)")
        found = _reward(asked, {**(columns or {}), **roles}, target_column, method, options, jobs, backend)
        return Estimates(dataclasses.replace(found, log=called(log)))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which target is valued, from which log.

    Attributes:
        log: where the log is.
        target: the target by its name, or None where it is a column.
        against: another target by its name, or None.
        truth: whether the target is run in the log's world too.
        at: is told of progress.
    """

    log: Path
    target: str | None
    against: str | None
    truth: bool
    at: Any

    def progress(self, done: int, total: int) -> None:
        """Tell how many slots are valued."""
        self.at("finishing" if done >= total else "valuing slots", done, total)


def _reward(
    asked: _Asked,
    columns: Mapping[str, str],
    target_column: str | None,
    method: Any,
    options: Any,
    jobs: int | None,
    backend: str,
) -> Any:
    """Return the evaluation of the target by its mean reward per slot."""
    from serendip.experiments.offline.evaluate import evaluate as value
    from serendip.experiments.online.on_policy import on_policy_truth

    return value(
        asked.log,
        asked.target,
        columns=columns,
        target_column=target_column,
        against=asked.against,
        truth=(lambda: on_policy_truth(asked.log, str(asked.target), method.seed)) if asked.truth else None,
        method=method,
        table=options,
        workers=workers_for(jobs, backend),
        progress=asked.progress,
    )


def _activity(
    asked: _Asked,
    columns: Mapping[str, str],
    horizon: int,
    last: int | None,
    short_run: str | Path | None,
    twin: bool,
) -> Any:
    """Return the evaluation of the target by its users' visits."""
    from serendip.experiments.offline.long_term.activity import evaluate_activity, evaluate_short_run
    from serendip.experiments.online.twin import TwinRunner

    if (asked.target is None) == (short_run is None):
        raise SettingsError(
            "--outcome activity takes a log's folder or a table, and one of --target AGENT|DIR and --short-run LOG2,"
            " with --horizon, --last, --against, --truth, --columns and --figures"
        )
    if short_run is not None:
        if asked.truth or asked.against or columns:
            raise SettingsError("--short-run takes two logs' folders, and neither --truth nor --against nor --columns")
        return evaluate_short_run(asked.log, Path(short_run), horizon=horizon, last=last)
    return evaluate_activity(
        asked.log,
        str(asked.target),
        columns=columns,
        against=asked.against,
        horizon=horizon,
        last=last,
        truth=(lambda: _days_with_a_visit(asked, horizon, last)) if asked.truth else None,
        progress=asked.progress,
        twin=TwinRunner if twin else None,
    )


def _days_with_a_visit(asked: _Asked, horizon: int, last: int | None) -> float:
    """Return the days with a visit that count, per user, when the target is run in the log's own world."""
    from serendip.experiments.offline.valuation import Method
    from serendip.experiments.online.on_policy import on_policy_activity

    daily = on_policy_activity(asked.log, str(asked.target), Method().seed, horizon)
    return float(daily[-(last or horizon) :].sum())


def _is_column(path: Path, name: str) -> bool:
    """Return whether `name` is a column of one's own table."""
    if path.is_dir() and ((path / "meta.json").exists() or (path / "decisions").exists()):
        return False
    from serendip.experiments.offline.reading.table_files import files_of, header_of

    header: Mapping[str, Any] | Sequence[str] = header_of(files_of(path)[0])
    return name in header
