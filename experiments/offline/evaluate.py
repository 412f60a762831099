"""What a target policy is worth, from a log that another policy wrote."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.breakdown import Breakdown
from serendip.experiments.offline.difference import difference
from serendip.experiments.offline.evaluation import Evaluation, Truth
from serendip.experiments.offline.further import of_logger
from serendip.experiments.offline.intervals.distribution import RewardDistribution, levels_of
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.diagnosis import diagnose, largest_weights, of_items, of_slates, range_of
from serendip.experiments.offline.judging.ledger import Ledger
from serendip.experiments.offline.judging.recommendation import recommend, slates_hold
from serendip.experiments.offline.judging.requirements import (
    columns_for,
    left_out,
    logger_for,
)
from serendip.experiments.offline.judging.tuning import settle, with_rungs
from serendip.experiments.offline.judging.verdict import INVALID, judge
from serendip.experiments.offline.parallel import Workers, value_table
from serendip.experiments.offline.reading.column_map import ColumnMap
from serendip.experiments.offline.reading.opening import TableOptions, open_source
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.survey import survey, value, with_mrdr
from serendip.experiments.offline.targets.choosing import choose_target
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.experiments.offline.targets.target import Target
from serendip.experiments.offline.valuation import Method, Valued
from serendip.simulator.errors import DataError, SettingsError

MEANING = (
    "A one-step estimate: the target's mean reward per slot in the states that the logging policy brought about. Where"
    " users do not change with what they are shown, that is its value; where they do, it is not its long-run value."
)


def evaluate(
    log: Path,
    target: str | None = None,
    *,
    columns: ColumnMap = (),
    target_column: str | None = None,
    against: str | None = None,
    truth: Callable[[], Truth | float] | Truth | float | None = None,
    method: Method | None = None,
    table: TableOptions | None = None,
    workers: Workers | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Return estimates of what `target` is worth, from the log alone, with 95% intervals over users and a verdict.

    Args:
        log: a log's folder, an Open Bandit folder, a Parquet or CSV file, or a folder of Parquet parts.
        target: an agent's name or a saved agent's folder; None where a column says what the target would do.
        columns: what the columns of a file are called, by the log's own names.
        target_column: column with the target's probability of each logged item.
        against: another target that the difference is taken to: an agent, or a column where the target is one.
        truth: the known value, or what finds it out, for a simulated log.
        method: estimators, bootstrap and seed.
        table: what is to be known of a file from elsewhere beyond its columns.
        workers: who reads the files of a table with the target in a column; this process when None.
        progress: called with the slots done and the slots there are.

    Raises:
        DataError: the log or the agent cannot be read, or it lacks what the estimators need; the message names what.
        SettingsError: an unknown agent, column or estimator, or no target.
    """
    source = open_source(log, columns, target_column, table)
    method = dataclasses.replace(method or Method(), rows_are_users=source.rows_are_users)
    clip = float(max(np.sqrt(source.n_rows), 1.0))
    tuning = {"clip": clip} | dict(method.tuning or {})
    policy = choose_target(target, source, target_column, method.seed)
    asked, logging, lacking = _estimators(method.estimators, source, policy)
    names = with_rungs(asked, tuning["clip"]) if method.tune else asked
    method = dataclasses.replace(method, tuning=tuning, estimators=names)
    predictions = drift = None
    if policy.knows_every_item:
        predictions, drift = survey(source, method)
        if "mrdr_predicted" in estimators.needs(asked):
            predictions = with_mrdr(policy, source, predictions, method)
    distribution = RewardDistribution(*levels_of(source), method) if method.distribution else None
    breakdown = None if method.by is None else Breakdown(method.by, source, method)
    unseen = ledger = compared = None
    memories = [] if against is None else policy.memories()
    if workers is None:
        ledger = Ledger(source.slate_size)
        view = policy.view(source, predictions, logging)
        valued, unseen = value(view, method, source.n_rows, progress, distribution, ledger, breakdown)
    elif not policy.knows_every_item and distribution is None and against is None and breakdown is None:
        valued = value_table(source, method, workers)
    else:
        raise SettingsError("several jobs are for the target in a column, without --distribution, --against and --by")
    if valued is None:
        raise DataError(f"{log}: holds no slots; nothing can be estimated from an empty log")
    found, clips, of_tuning = _settled(valued, source, asked, method)
    slates = source.slate_size > 1 and slates_hold(valued, source.slate_size)
    recommended, because = recommend(found, valued, slates)
    diagnostics = diagnose(valued, unseen, source.propensity_floor, source.estimates_propensities)
    diagnostics |= of_items(ledger, valued) | {
        "drift": drift,
        "rows_are_users": float(source.rows_are_users),
        "slate_size": float(source.slate_size),
        "slates_hold": float(slates),
        "value": found[recommended].value if recommended else None,
    }
    verdict = judge(diagnostics)
    if verdict.word == INVALID:
        recommended, because = None, "No estimate is recommended: this log cannot value this target."
    if against is not None:
        policy.remember(memories)
        other = source, policy
        if policy.knows_every_item:
            other = source, choose_target(against, source, None, method.seed)
        else:
            other = open_source(log, columns, against, table), policy
        low, high = source.reward_range or range_of(valued)
        compared = difference(((source, policy), other), against, predictions, method, high - low)
    known = truth() if callable(truth) else truth
    known = known if isinstance(known, Truth) or known is None else Truth(float(known))
    return Evaluation(
        log=str(log),
        target=target or f"column {target_column}",
        estimates=found,
        diagnostics=diagnostics | {"clip": clips.get("clipped_ips", tuning["clip"])},
        verdict=verdict.word,
        reasons=verdict.reasons,
        truth=None if known is None else known.value,
        truth_visits=None if known is None else known.visits,
        notes=[MEANING, *policy.notes, *source.notes, *lacking, *of_slates(valued), *of_tuning],
        valued=valued,
        recommended=recommended,
        because=because,
        distribution=None if distribution is None else distribution.finish(),
        difference=compared,
        parts={} if breakdown is None else breakdown.finish(source.reward_range or range_of(valued)),
    )


def _estimators(
    names: Sequence[str], source: Source, policy: Target
) -> tuple[tuple[str, ...], LoggingPolicy | None, list[str]]:
    """Return those of `names` that can be made, the logging policy if they need it, and sentences on the others."""
    names = [estimators.named(name) for name in names]
    logging, why = logger_for(names, source, policy)
    have = columns_for(source, policy, logging)
    possible = estimators.possible(names, have)
    cards = [estimators.card_of(name) for name in names]
    said = [card.name for card in cards if not (card.usual and card.weighs == "slate" and possible)]
    lacking = left_out(said, have, why)
    if not possible:
        raise DataError(f"{source.path}: nothing can be estimated: {' '.join(lacking)}")
    return possible, logging if of_logger(estimators.needs(possible)) else None, lacking


def _settled(
    valued: Valued, source: Source, asked: Sequence[str], method: Method
) -> tuple[dict[str, Estimate], dict[str, float], list[str]]:
    """Return the estimates, with what was tuned settled; the settings that were chosen; and sentences on that."""
    clip = (method.tuning or {})["clip"]
    clips = {name: float(name.partition("@")[2] or clip) for name in valued.names if name.startswith("clipped_ips")}
    largest = largest_weights(clips, source.propensity_floor) if source.reward_range else None
    found = valued.estimates(source.reward_range or range_of(valued), largest)
    if not method.tune:
        return found, {}, []
    return settle(asked, found, clip)
