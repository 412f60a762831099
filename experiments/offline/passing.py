"""One pass over a log: the target valued, and what was asked for beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from serendip.experiments.offline.breakdown import Breakdown
from serendip.experiments.offline.estimators import needs
from serendip.experiments.offline.further import OF_TIME
from serendip.experiments.offline.intervals.distribution import RewardDistribution, levels_of
from serendip.experiments.offline.judging.ledger import Ledger
from serendip.experiments.offline.parallel import Workers, value_table
from serendip.experiments.offline.preparing import Prepared, Request
from serendip.experiments.offline.survey import value
from serendip.experiments.offline.valuation import Valued
from serendip.simulator.errors import DataError, SettingsError


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass over the log left: sums of each estimator, and what was asked for beside them."""

    valued: Valued
    unseen: float | None
    distribution: RewardDistribution | None
    breakdown: Breakdown | None
    ledger: Ledger | None


def pass_over(
    request: Request, p: Prepared, workers: Workers | None, progress: Callable[[int, int], None] | None
) -> Passed:
    """Return what one pass over the log leaves; a target that is compared gets its memory back.

    Args:
        request: what is to be valued, and how.
        p: the log, the target and the reward model.
        workers: who reads the files of a table with the target in a column; this process when None.
        progress: called with the slots done and the slots there are.

    Raises:
        DataError: the log holds no slots.
        SettingsError: several jobs cannot do what was asked for.
    """
    distribution = RewardDistribution(*levels_of(p.source), p.method) if p.method.distribution else None
    breakdown = None if p.method.by is None else Breakdown(p.method.by, p.source, p.method)
    memories = [] if request.against is None else p.target.memories()
    ledger = Ledger(p.source.slate_size) if workers is None else None
    if workers is None:
        view = p.target.view(p.source, p.predictions, p.logging)
        valued, unseen = value(view, p.method, p.source.n_rows, progress, distribution, ledger, breakdown)
    elif p.target.knows_every_item or not (distribution is None and request.against is None and breakdown is None):
        raise SettingsError("several jobs are for the target in a column, without --distribution, --against and --by")
    elif needs(p.method.estimators) & set(OF_TIME) or (request.table is not None and request.table.takes_the_whole):
        raise SettingsError("adaptive weights, several loggers and features take the log as a whole; leave --jobs out")
    else:
        valued, unseen = value_table(p.source, p.method, workers), None
    if valued is None:
        raise DataError(f"{request.log}: holds no slots; nothing can be estimated from an empty log")
    if request.against is not None:
        p.target.remember(memories)
    return Passed(valued, unseen, distribution, breakdown, ledger)
