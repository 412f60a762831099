"""`serendip evaluate`: what a policy is worth, from a log alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from serendip.experiments.cli.flags import WHOLE_NUMBER, ColumnName, JsonFile, Parts, shown


@dataclass(frozen=True)
class Evaluate:
    """Estimate what a target policy is worth from a log that another policy wrote.

    The value is that of the target in the states which the logging policy brought about; where users change with what
    they are shown, that is not the target's long-run value.
    """

    log: Annotated[Path, tyro.conf.Positional, shown("LOG")]
    """A log's folder, or a Parquet or CSV file of your own (then say --columns and --target-column)."""

    target: Annotated[str | None, shown("AGENT|DIR")] = None
    """An agent by name, as NAME or NAME:SETTING=VALUE,..., or of your own, as file.py:Class (trained on one half of the
    users, valued on the other, and the reverse), or a saved agent's folder (valued as it is)."""

    truth: Annotated[bool, shown()] = False
    """Also run the target in the log's own world and print its value there (simulated logs only)."""

    columns: Annotated[tuple[str, ...], shown("NAME=COLUMN ...")] = ()
    """What columns of your own file are called, such as reward=click propensity=pscore."""

    target_column: ColumnName = None
    """Column of your own file with the target's probability of each logged item."""

    use: Parts = ()
    """Parts of your own (an estimator, a reward model, an interval ...) to be known by their names, each as
    file.py:CARD or package.module:CARD."""

    estimators: Annotated[tuple[str, ...], shown("NAME ...")] = ()
    """Which estimators, such as snips dr mrdr mips (see `serendip list estimators`); the usual ones when left out."""

    reward_model: Annotated[str, shown("NAME")] = "table"
    """The model of DM, DR and their kin, such as ridge (see `serendip list reward-models`)."""

    tune: Annotated[bool, shown()] = False
    """Choose clips, switches and shrinkage by SLOPE."""

    distribution: Annotated[bool, shown()] = False
    """Also estimate quantiles of the reward, and the mean of the worst."""

    by: Annotated[Literal["position", "week", "cohort"] | None, shown()] = None
    """Also estimate the value of each position, week or cohort of users."""

    trained_apart: Annotated[bool, shown()] = False
    """Say that the target owes nothing to the rewards of these users: it was trained on others, or not at all. One that
    seems to have been trained on this very log is `weak` otherwise."""

    reward_range: Annotated[tuple[float, float] | None, shown("LOW HIGH")] = None
    """Smallest and largest reward that can occur in your own file; intervals with a guarantee need it."""

    propensity_model: Annotated[str | None, shown("NAME")] = None
    """Estimate the propensities that your own file lacks, by frequency or logistic (see `serendip list
    propensity-models`); the verdict is then `weak` at most."""

    context: Annotated[tuple[str, ...], shown("COLUMN ...")] = ()
    """Numeric columns of your own file that --propensity-model logistic may use."""

    features: Annotated[tuple[str, ...], shown("COLUMN ...")] = ()
    """Columns of your own file that say something of a row's reward whatever is shown, such as its user's: DR and its
    kin are then less noisy. For a target in a column."""

    loggers: Annotated[tuple[str, ...], shown("NAME=COLUMN ...")] = ()
    """Policies that wrote your own file, as the column `logger` names them, and the column with each one's probability
    of what was shown: weights are then also taken under all of them."""

    outcome: Annotated[Literal["reward", "activity"], shown()] = "reward"
    """What the target is valued by: its mean reward per slot, or days with a visit per user over a horizon."""

    horizon: Annotated[int, WHOLE_NUMBER, shown("DAYS")] = 90
    """Days to look ahead, for --outcome activity."""

    last: Annotated[int | None, WHOLE_NUMBER, shown("DAYS", "(default: the whole horizon)")] = None
    """Count only the last days of the horizon, for --outcome activity: late activity."""

    against: Annotated[str | None, shown("AGENT|DIR")] = None
    """Another target to estimate the difference to, paired over users; a column's name where the target is a column."""

    short_run: Annotated[Path | None, shown("LOG2")] = None
    """A log of some days under the target itself, in place of --target, for --outcome activity: what became of its
    users is carried to the horizon by LOG (a surrogate index)."""

    twin: bool = True
    """Also fit a world to the log and run the target in it, for --outcome activity (some seconds to minutes)."""

    jobs: Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: this process)")] = None
    """Processes that share out the files of a folder of Parquet parts, for --target-column; it changes no result."""

    backend: Annotated[Literal["loky", "threading", "ray", "dask", "duckdb", "polars"], shown()] = "loky"
    """Where these run: here, or on a cluster of Ray or Dask; duckdb and polars sum Parquet files themselves (see
    docs/scale.md)."""

    require: Annotated[Literal["weak", "reliable"] | None, shown()] = None
    """End with exit code 3 where the verdict is less than this, for pipelines."""

    details: Annotated[bool, shown()] = False
    """Also print the diagnostics, and what the numbers mean and how they were made."""

    figures: Annotated[Path | None, shown("DIR")] = None
    """Draw the estimates, and for rewards the weights and what clipping does to them, into this folder."""

    report: Annotated[Path | None, shown("FILE.html")] = None
    """Write the verdict, the estimates as a figure and what they mean as one page to open in a browser."""

    json: JsonFile = None
    """Write the estimates as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Value the target and print the estimates."""
        from serendip.experiments.running.threads import stay_on_one_thread

        stay_on_one_thread()

        import serendip
        from serendip.experiments.cli.flags import pairs
        from serendip.experiments.cli.output import console_for
        from serendip.frames import file_to_write

        for part in self.use:
            serendip.add(part)
        console = console_for(self.json)
        page = None if self.report is None else file_to_write(self.report)
        found = serendip.evaluate(
            self.log,
            self.target,
            target_column=self.target_column,
            against=self.against,
            outcome=self.outcome,
            horizon=self.horizon,
            last=self.last,
            short_run=self.short_run,
            twin=self.twin,
            estimators=self.estimators,
            reward_model=self.reward_model,
            tune=self.tune,
            distribution=self.distribution,
            by=self.by,
            reward_range=self.reward_range,
            propensity_model=self.propensity_model,
            context=self.context,
            loggers=self.loggers,
            features=self.features,
            truth=self.truth,
            jobs=self.jobs,
            backend=self.backend,
            columns=pairs(self.columns),
            trained_apart=self.trained_apart,
        )
        self._tell(found, console)
        if page is not None:
            console.print(f"to open in a browser: {found.report(page)}", soft_wrap=True)
        require(self.require, found.verdict)

    def _tell(self, found: Any, console: Any) -> None:
        """Print the evaluation, and draw it where that is asked for."""
        from serendip.experiments.offline.report import report

        report(found.evaluation, self.json, console, details=self.details)
        if self.figures is not None:
            files = found.draw(self.figures)
            console.print(f"figures in {self.figures}: {', '.join(file.name for file in files)}")


def require(least: str | None, verdict: str) -> None:
    """Return where the verdict is at least `least`.

    Raises:
        TooLittleError: it is less than what is required, which ends the command with exit code 3.
    """
    from serendip.simulator.errors import TooLittleError

    words = ("invalid", "weak", "reliable")
    if least is not None and words.index(verdict) < words.index(least):
        raise TooLittleError(f"the verdict is {verdict}; {least} was required")
