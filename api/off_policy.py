"""What a log says: the value of a policy, whether its propensities can be right, and a policy learned from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serendip.frames import as_path
from serendip.simulator.errors import SettingsError
from serendip.tables import Table


class Estimates:
    """What a policy is worth, and how far to trust it.

    Attributes:
        verdict: `reliable`, `weak` or `invalid`.
        recommended: name of the estimator to go by; None where nothing should be gone by.
        evaluation: all that was found, as the command line prints it.
    """

    def __init__(self, evaluation: Any) -> None:
        self.evaluation = evaluation

    @property
    def verdict(self) -> str:
        """`reliable`, `weak` or `invalid`."""
        return self.evaluation.verdict

    @property
    def reasons(self) -> list[str]:
        """Why the verdict is not better, in sentences."""
        return list(self.evaluation.reasons)

    @property
    def recommended(self) -> str | None:
        """The estimator to go by, or None."""
        return self.evaluation.recommended

    @property
    def value(self) -> float | None:
        """The value by the recommended estimator, mean reward per slot; None where nothing should be gone by."""
        return None if self.recommended is None else self.evaluation.estimates[self.recommended].value

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the recommended estimator."""
        if self.recommended is None:
            return None
        found = self.evaluation.estimates[self.recommended]
        return found.low, found.high

    @property
    def table(self) -> Table:
        """All estimates: estimator, value, low, high, standard_error, recommended."""
        import pyarrow as pa

        found = self.evaluation.estimates
        return Table(
            {
                "estimator": list(found),
                "value": pa.array([e.value for e in found.values()], pa.float64()),
                "low": pa.array([e.low for e in found.values()], pa.float64()),
                "high": pa.array([e.high for e in found.values()], pa.float64()),
                "standard_error": pa.array([e.standard_error for e in found.values()], pa.float64()),
                "recommended": [name == self.recommended for name in found],
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return all that was found as plain JSON values."""
        return self.evaluation.to_json()

    def __repr__(self) -> str:
        value, interval = self.value, self.interval
        if value is None or interval is None:
            return f"Estimates({self.verdict}: {' '.join(self.reasons)})"
        low, high = interval
        return f"Estimates({self.verdict}: {value:.4g} [{low:.4g}, {high:.4g}] by {self.recommended})"


def evaluate(
    log: Any,
    target: str | None = None,
    *,
    estimators: Sequence[str] = (),
    reward_model: str = "table",
    tune: bool = False,
    distribution: bool = False,
    reward_range: tuple[float, float] | None = None,
    propensity_model: str | None = None,
    context: Sequence[str] = (),
    truth: bool = False,
    **columns: str,
) -> Estimates:
    """Return what a policy is worth, from a log that another policy wrote.

    Args:
        log: a log's folder, a file, or a data frame of pandas, polars, DuckDB or PyArrow with one logged slot a row.
        target: an agent by name, a saved agent's folder, or for one's own table the column with the target's
            probability of each logged item.
        estimators: which ones (`serendip.list("estimators")`); the usual ones when left out.
        reward_model: the model of DM, DR and their kin.
        tune: whether clips and their kin are chosen by SLOPE.
        distribution: whether quantiles of the reward are estimated too.
        reward_range: smallest and largest reward that can occur in one's own table.
        propensity_model: by which propensities are estimated that a table lacks; the verdict is then `weak` at most.
        context: numeric columns that this model may use.
        truth: whether the target is also run in the log's own world (simulated logs only).
        columns: what the columns of one's own table are called, such as `reward="click"`, `propensity="pscore"`,
            `user="user_id"`.

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
    from serendip.experiments.offline.evaluate import evaluate as value
    from serendip.experiments.offline.reading.opening import TableOptions
    from serendip.experiments.offline.valuation import Method

    options = TableOptions(reward_range, propensity_model, tuple(context))
    method = Method(tuple(estimators) or usual(), reward_model=reward_model, tune=tune, distribution=distribution)  # pyright: ignore
    with as_path(log) as path:
        column = target if target is not None and _is_column(path, target) else None
        found = value(
            path,
            None if column else target,
            columns=columns,
            target_column=column,
            truth=_truth_of(path, target, method.seed) if truth else None,
            method=method,
            table=options,
        )
    return Estimates(found)


def audit(log: Any, **columns: str) -> Any:
    """Return whether a log's propensities can be what they say they are, and how small an error would show.

    Args:
        log: a log's folder, a file or a data frame.
        columns: what the columns of one's own table are called.

    Raises:
        DataError: the log cannot be read.
    """
    from serendip.experiments.offline.judging.audit import audit as ask

    with as_path(log) as path:
        return ask(path, columns)


def learn(log: str | Path, *, epsilon: float = 0.05, **settings: Any) -> Any:
    """Return a policy learned from a log, with what users that took no part say it is worth.

    Args:
        log: a log's folder.
        epsilon: share of uniformly random slates that the agent shows on top.
        settings: of learning, such as `objective="dr"` (`serendip learn --help`).

    Raises:
        DataError: the log cannot be read, or has too few users.
    """
    from serendip.experiments.offline.learning.learn import learn as teach
    from serendip.experiments.offline.learning.train import Learning

    try:
        learning = Learning(**settings)
    except TypeError as error:
        raise SettingsError(f"learn: {error}") from error
    return teach(Path(log), learning, epsilon=epsilon)


def _is_column(path: Path, name: str) -> bool:
    """Return whether `name` is a column of one's own table."""
    if path.is_dir() and ((path / "meta.json").exists() or (path / "decisions").exists()):
        return False
    from serendip.experiments.offline.reading.table_files import files_of, header_of

    header: Mapping[str, Any] | Sequence[str] = header_of(files_of(path)[0])
    return name in header


def _truth_of(path: Path, target: str | None, seed: int) -> Any:
    """Return what finds out what the target is worth when it is run."""
    if target is None:
        raise SettingsError("truth runs the target in the log's world; say which target")
    from serendip.experiments.online.on_policy import on_policy_truth

    return lambda: on_policy_truth(path, target, seed)
