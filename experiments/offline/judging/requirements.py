"""Which of the estimators that were asked for a log has what it takes, and a sentence on the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.further import FURTHER, OF_MODEL, OF_TIME, of_logger
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy, logging_policy
from serendip.experiments.offline.targets.target import Target
from serendip.experiments.offline.words import enumerated


def logger_for(names: Sequence[str], source: Source, target: Target) -> tuple[LoggingPolicy | None, str]:
    """Return the policy that wrote the log if an estimator of `names` needs it, and else why there is none."""
    if not target.lives_through or not of_logger(estimators.needs(names)):
        return None, ""
    return logging_policy(source)


def columns_for(source: Source, target: Target, logging: LoggingPolicy | None) -> tuple[str, ...]:
    """Return the further columns that the target's view of the log has."""
    own = (*target.further(source), *OF_TIME)
    if not target.knows_every_item:
        return own
    weights = () if logging is None else logging.columns(source)
    if len(np.unique(source.items().topic)) < 2:
        weights = tuple(name for name in weights if name != "marginal_weight")
    return (*own, *weights, *OF_MODEL)


def left_out(names: Sequence[str], have: Collection[str], why: str) -> list[str]:
    """Return a sentence for each thing that the log lacks and an estimator of `names` needs."""
    lacking = dict[str, list[str]]()
    for name in names:
        needed = [need for need in estimators.card_of(name).needs if need not in have]
        for lacked in dict.fromkeys(FURTHER[need].lacking for need in needed):
            lacking.setdefault(lacked, []).append(name)
    return [_sentence(asked, lacked, why) for lacked, asked in lacking.items()]


def _sentence(asked: list[str], lacked: str, why: str) -> str:
    verbs = ("is", "needs") if len(asked) == 1 else ("are", "need")
    need = next(name for name, further in FURTHER.items() if further.lacking == lacked)
    of_logger = FURTHER[need].of_logger
    reason = f"; {why}" if why and of_logger else "; all items are of one topic" if need == "marginal_weight" else ""
    return f"{enumerated(asked)} {verbs[0]} left out: {verbs[1]} {lacked}{reason}."
