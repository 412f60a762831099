"""The passes over a log: reward models fitted to it, and the target valued."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np

from serendip.experiments.offline import estimators
from serendip.experiments.offline.breakdown import Breakdown
from serendip.experiments.offline.estimators.stabilising import Stabiliser
from serendip.experiments.offline.further import OF_MODEL, OF_TIME
from serendip.experiments.offline.intervals.distribution import RewardDistribution
from serendip.experiments.offline.judging.drift import Drift
from serendip.experiments.offline.judging.ledger import Ledger
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.reward_models import REWARD_MODELS
from serendip.experiments.offline.reward_models.reward_model import RewardTable
from serendip.experiments.offline.reward_models.states import state_model
from serendip.experiments.offline.slots import joined
from serendip.experiments.offline.targets.seen import Predictions, Seen
from serendip.experiments.offline.targets.target import Target
from serendip.experiments.offline.valuation import Method, Valuation, Valued

_BATCH = 1 << 16


def survey(source: Source, method: Method) -> tuple[Predictions, float | None]:
    """Return what a reward model, cross-fitted by user, says of each item at each position, and the log's drift.

    One pass.  Where no estimator of the method needs a model, none is fitted.
    """
    items = source.items()
    modelled = bool(estimators.needs(method.estimators) & set(OF_MODEL))
    table = RewardTable(items.topic, source.slate_size, method.seed) if modelled else None
    never = np.ones((source.slate_size, items.n_items))
    drift = Drift(items.n_items, source.n_rows)
    for logged in source.batches():
        never[logged.position, logged.item] = 0.0
        drift.update(logged.item)
        if table is not None:
            table.update(logged.user, logged.position, logged.item, logged.reward)
    rewards = None if table is None else table.fit(method.reward_model)
    card = REWARD_MODELS.card(method.reward_model)
    states = state_model(source, rewards, method.seed) if card.knows_states and rewards is not None else None
    found = Predictions(rewards, never, method.seed, knows_users=card.knows_users, states=states)
    return found, drift.finish()


def with_mrdr(target: Target, source: Source, predictions: Predictions, method: Method) -> Predictions:
    """Return the predictions with those of the model that makes the variance of DR smallest; one more pass.

    Each slot counts with a weight of target / propensity^2, on average 1.  Farajtabar et al. (2018), section 4.

    Args:
        target: what is valued.
        source: the log.
        predictions: rewards as the model predicts them, fold by fold.
        method: how the target is valued.
    """
    table = RewardTable(source.items().topic, source.slate_size, method.seed)
    memories = target.memories()
    for seen in gathered(target.view(source, None)):
        slots = seen.slots
        table.update(slots.user, seen.position, seen.item, slots.reward, slots.weight / slots.propensity)
    target.remember(memories)
    table.scale(source.n_rows)
    return dataclasses.replace(predictions, mrdr=table.fit(method.reward_model))


def value(
    seen: Iterator[Seen],
    method: Method,
    n_rows: int,
    progress: Callable[[int, int], None] | None = None,
    distribution: RewardDistribution | None = None,
    ledger: Ledger | None = None,
    breakdown: Breakdown | None = None,
) -> tuple[Valued | None, float | None]:
    """Return the sums of a pass over a target's view of a log, and the target's mean probability of unseen items.

    Args:
        seen: the target's view, in batches.
        method: how it is valued.
        n_rows: slots of the log.
        progress: called with the slots done and the slots there are.
        distribution: takes in the rewards, or None.
        ledger: takes in items and slates, or None.
        breakdown: takes in parts of the log, or None.
    """
    valuation, unseen, done = Valuation(method), 0.0, 0
    timed = Stabiliser(n_rows) if estimators.needs(method.estimators) & set(OF_TIME) else None
    for batch in gathered(seen):
        valuation.update(batch.slots if timed is None else timed.with_stability(batch.slots))
        if distribution is not None:
            distribution.update(batch.slots)
        if ledger is not None:
            ledger.update(batch)
        if breakdown is not None:
            breakdown.update(batch)
        unseen += float(batch.unseen.sum())
        done += len(batch.slots)
        if progress is not None:
            progress(done, n_rows)
    return valuation.finish(), unseen / done if done and np.isfinite(unseen) else None


def gathered(seen: Iterator[Seen]) -> Iterator[Seen]:
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
    rest = ([getattr(one, name) for one in seen] for name in ("unseen", "item", "position"))
    return Seen(joined([one.slots for one in seen]), *(np.concatenate(parts) for parts in rest))
