"""Which value is estimated: that in the states that a log holds, not that of the target's own run."""

from __future__ import annotations

from collections.abc import Mapping

from serendip.experiments.offline.evaluation import Truth
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.targets.target import Target
from serendip.experiments.offline.valuation import Valued


def of_states(target: Target, source: Source, valued: Valued) -> list[str]:
    """Return a sentence on the target's own run, where an agent is valued on users who come back."""
    n_users = max(valued.moments.n_users, 1)
    visits = valued.weights.n / source.slate_size / n_users
    if not target.lives_through or source.rows_are_users or visits < 2.0:
        return []
    return [
        f"Users come back ({visits:.0f} slates each): the target's own run would leave them in other states, and is"
        " worth as much only if they do not change with what they are shown."
    ]


def of_its_run(estimates: Mapping[str, Estimate], recommended: str | None, truth: Truth | None) -> list[str]:
    """Return a sentence where the target's own run is known to be worth something else than its interval holds."""
    e = None if recommended is None else estimates[recommended]
    if truth is None or e is None or e.low is None or e.high is None or e.low <= truth.value <= e.high:
        return []
    return [
        f"Its own run in the log's world is worth {truth.value:.4g}, outside of the interval: in other states, where"
        " users change with what they are shown; else by chance, in one log of twenty."
    ]
