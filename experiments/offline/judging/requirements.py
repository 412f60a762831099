"""Which of the estimators that were asked for a log has what it takes, and a sentence on the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy, logging_policy
from serendip.experiments.offline.targets.target import AgentTarget, ColumnTarget, Target

_REPLAYED = "a log of the uniform agent, or of an agent saved beside it that did not learn meanwhile"
_NEED = {
    "slate_weight": "the probability of each whole slate (slate_propensity, and in a table slate_target)",
    "marginal_weight": f"the logging policy's chance of each topic (topic_propensity and topic_target in a table; else"
    f" {_REPLAYED})",
    "prefix_weight": f"the chance of each slate down to the slot (prefix_propensity and prefix_target in a table; else"
    f" {_REPLAYED})",
    "pseudo_inverse_weight": "the logging policy's chance of each pair of slots, which is known of the uniform agent",
    "balanced_propensity": "the propensity of what was shown under the mixture of all logging policies (a column"
    " balanced_propensity of a table); a log has that of the policy that chose",
    "mrdr_expected": "the target's chance of every item, so no column as target",
}
NOT_MODELLED = (
    "dm, dr and their kin are left out: they need the target's probability of every item, and the file has one a row; a"
    " file may have columns `predicted` and `expected` instead."
)
OF_LOGGING = ("marginal_weight", "prefix_weight", "pseudo_inverse_weight")


def logger_for(names: Sequence[str], source: Source, target: Target) -> tuple[LoggingPolicy | None, str]:
    """Return the policy that wrote the log if an estimator of `names` needs it, and else why there is none."""
    needed = {estimators.NEEDS.get(name) for name in names}
    if not isinstance(target, AgentTarget) or not needed & set(OF_LOGGING):
        return None, ""
    return logging_policy(source)


def columns_for(source: Source, target: Target, logging: LoggingPolicy | None) -> tuple[str, ...]:
    """Return the further columns that the target's view of the log has."""
    own = target.further(source)
    if isinstance(target, ColumnTarget):
        return own
    weights = () if logging is None else logging.columns(source)
    if len(np.unique(source.items().topic)) < 2:
        weights = tuple(name for name in weights if name != "marginal_weight")
    return (*own, *weights, "mrdr_expected")


def left_out(names: Sequence[str], have: Collection[str], why: str) -> list[str]:
    """Return a sentence for each thing that the log lacks and an estimator of `names` needs."""
    lacking = dict[str, list[str]]()
    for name in names:
        need = estimators.NEEDS.get(name)
        if need is not None and need not in have:
            lacking.setdefault(need, []).append(name)
    return [_sentence(asked, need, why if need in OF_LOGGING else "") for need, asked in lacking.items()]


def _sentence(asked: list[str], need: str, why: str) -> str:
    verbs = ("is", "needs") if len(asked) == 1 else ("are", "need")
    reason = f"; {why}" if why else "; all items are of one topic" if need == "marginal_weight" else ""
    return f"{' and '.join(asked)} {verbs[0]} left out: {verbs[1]} {_NEED[need]}{reason}."
