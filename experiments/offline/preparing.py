"""What stands before a log is valued: the log opened, the target chosen, estimators settled, a reward model fitted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.further import FURTHER, of_logger
from serendip.experiments.offline.judging.requirements import columns_for, left_out, logger_for
from serendip.experiments.offline.judging.tuning import with_rungs
from serendip.experiments.offline.reading.column_map import ColumnMap
from serendip.experiments.offline.reading.opening import TableOptions, open_source
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.survey import survey, with_mrdr
from serendip.experiments.offline.targets.choosing import choose_target
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.experiments.offline.targets.seen import Predictions
from serendip.experiments.offline.targets.target import Target
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be valued, as a person says it.

    Attributes:
        log: a log's folder, an Open Bandit folder, a Parquet or CSV file, or a folder of Parquet parts.
        target: an agent's name or a saved agent's folder; None where a column says what the target would do.
        columns: what the columns of a file are called, by the log's own names.
        target_column: column with the target's probability of each logged item.
        against: another target that the difference is taken to: an agent, or a column where the target is one.
        table: what is to be known of a file from elsewhere beyond its columns.
        method: estimators, bootstrap and seed.
    """

    log: Path
    target: str | None = None
    columns: ColumnMap = ()
    target_column: str | None = None
    against: str | None = None
    table: TableOptions | None = None
    method: Method = dataclasses.field(default_factory=Method)

    @property
    def named(self) -> str:
        """What the target is called."""
        return self.target or f"column {self.target_column}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a pass over the log needs.

    Attributes:
        source: the log.
        target: what is valued.
        method: how the target is valued, with the log's clip, and the rungs of what is tuned.
        asked: names of the estimators that can be made.
        logging: the policy that wrote the log, where an estimator needs it.
        predictions: what a reward model says, or None.
        drift: what changed in the log over time, or None.
        notes: why some estimators are left out.
    """

    source: Source
    target: Target
    method: Method
    asked: tuple[str, ...]
    logging: LoggingPolicy | None
    predictions: Predictions | None
    drift: float | None
    notes: list[str]


def prepare(request: Request) -> Prepared:
    """Return the log and the target that a person named, and what the estimators need of them.

    Raises:
        DataError: the log or the agent cannot be read, or it lacks what the estimators need; the message names what.
        SettingsError: an unknown agent, column or estimator, or no target.
    """
    source = open_source(request.log, request.columns, request.target_column, request.table)
    method = dataclasses.replace(request.method, rows_are_users=source.rows_are_users)
    tuning = {"clip": float(max(np.sqrt(source.n_rows), 1.0))} | dict(method.tuning or {})
    target = choose_target(request.target, source, request.target_column, method.seed)
    if target.knows_every_item and request.table is not None and request.table.features:
        raise SettingsError("--features is for a target in a column; of an agent, take --reward-model states")
    asked, logging, notes = _estimators(method.estimators, source, target)
    names = with_rungs(asked, tuning["clip"]) if method.tune else asked
    apart = method.trained_apart or target.trained_apart
    method = dataclasses.replace(method, tuning=tuning, estimators=names, trained_apart=apart)
    predictions = drift = None
    if target.knows_every_item:
        predictions, drift = survey(source, method)
        if "mrdr_predicted" in estimators.needs(asked):
            predictions = with_mrdr(target, source, predictions, method)
    return Prepared(source, target, method, asked, logging, predictions, drift, notes)


def other_of(request: Request, prepared: Prepared) -> tuple[Source, Target]:
    """Return the log and the target that the first is compared with: an agent, or another column of the file."""
    if prepared.target.knows_every_item:
        return prepared.source, choose_target(request.against, prepared.source, None, prepared.method.seed)
    return open_source(request.log, request.columns, request.against, request.table), prepared.target


def _estimators(
    names: Sequence[str], source: Source, policy: Target
) -> tuple[tuple[str, ...], LoggingPolicy | None, list[str]]:
    """Return those of `names` that can be made, the logging policy if they need it, and sentences on the others."""
    names = [estimators.named(name) for name in names]
    logging, why = logger_for(names, source, policy)
    have = columns_for(source, policy, logging)
    possible = estimators.possible(names, have)
    cards = [estimators.card_of(name) for name in names]
    said = [card.name for card in cards if not (card.usual and any(FURTHER[n].weighs for n in card.needs) and possible)]
    lacking = left_out(said, have, why)
    if not possible:
        raise DataError(f"{source.path}: nothing can be estimated: {' '.join(lacking)}")
    return possible, logging if of_logger(estimators.needs(possible)) else None, lacking
