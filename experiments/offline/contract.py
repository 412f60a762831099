"""What estimators, reward models and intervals must keep to, as calls that name what is broken and the likely cause."""

from __future__ import annotations

import numpy as np

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.further import FURTHER
from serendip.experiments.offline.intervals import MAIN
from serendip.experiments.offline.intervals.card import IntervalCard
from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.experiments.offline.slots import Slots, Terms
from serendip.experiments.offline.valuation import Method, Valuation
from serendip.simulator.cards import Card
from serendip.simulator.errors import SerendipError

_N = 300


class PartError(SerendipError):
    """A part of off-policy evaluation does not keep its contract; the message says what and the likely cause."""


def check_estimator(card: EstimatorCard) -> None:
    """Ask an estimator about made-up slots.

    Raises:
        PartError: it is not what its card says, or not a function of single slots.

    Example:
        >>> import serendip
        >>> from serendip.experiments.offline.estimators import ESTIMATORS
        >>> serendip.check_estimator(ESTIMATORS.card("snips"))
    """
    _check_words(card)
    _need(bool(card.title), card, "the card has no title")
    unknown = set(card.needs) - set(FURTHER)
    _need(not unknown, card, f"needs {unknown}, which are none of the columns there are: {', '.join(FURTHER)}")
    slots = _some_slots()
    whole, part = card.make(slots), card.make(slots.rows(slice(0, 100)))
    for name in ("numerator", "denominator", "baseline"):
        all_of, first = getattr(whole, name), getattr(part, name)
        _need((all_of is None) == (first is None), card, f"`{name}` is there for some slots and not for others")
        if all_of is not None:
            alone = all_of.shape == (_N,) and np.array_equal(all_of[:100], first)
            _need(alone, card, f"`{name}` of a slot depends on other slots; the likely cause is a mean taken inside")
    lacks = bool(np.isnan(_arrays(card.make(_lacking(slots)))).any())
    _need(lacks == bool(card.needs), card, "the card's `needs` are not what the estimator uses")
    if card.tuned is not None:
        _need(card.setting is not None, card, "`tuned` without a setting")
        far, near = (card.make(slots, **{str(card.setting): card.tuned(clip)}) for clip in (1e9, 1.0))
        _need(not np.array_equal(far.numerator, near.numerator), card, f"{card.setting} changes nothing")


def check_reward_model(card: RewardModelCard) -> None:
    """Ask a reward model about counts whose rate is .3 everywhere, and about nothing.

    Raises:
        PartError: it says something else, or what is not finite.

    Example:
        >>> import serendip
        >>> from serendip.experiments.offline.reward_models import REWARD_MODELS
        >>> serendip.check_reward_model(REWARD_MODELS.card("table"))
    """
    _check_words(card)
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 50, (2, 6)).astype(float)
    predicted = card.make(counts, 0.3 * counts, np.array([0, 0, 1, 1, 2, 2], dtype=np.int32))
    _need(predicted.shape == (2, 6), card, f"predictions have shape {predicted.shape}; expected that of the counts")
    _need(np.allclose(predicted, 0.3, atol=1e-6), card, "where every rate is .3 it predicts something else")
    none = card.make(0.0 * counts, 0.0 * counts, np.zeros(6, dtype=np.int32))
    _need(bool(np.isfinite(none).all()), card, "without data it predicts what is not finite; divide by at least 1")


def check_interval(card: IntervalCard) -> None:
    """Ask an interval (which was admitted) about made-up slots with rewards in [0, 1].

    Raises:
        PartError: its ends are in the wrong order or outside the rewards.

    Example:
        >>> import serendip
        >>> from serendip.experiments.offline.intervals import INTERVALS
        >>> serendip.check_interval(INTERVALS.card(INTERVALS.names()[0]))
    """
    _check_words(card)
    valuation = Valuation(Method(("ips", "snips"), n_replicates=60))
    valuation.update(_some_slots())
    finished = valuation.finish()
    assert finished is not None
    found = finished.estimates((0.0, 1.0), {"ips": 5.0})["ips"]
    low, high = (found.low, found.high) if card.name == MAIN else found.others[card.name]
    inside = low is not None and high is not None and 0.0 <= low < high <= 1.0
    _need(inside, card, f"gave [{low}, {high}] for rewards in [0, 1]")


def _check_words(card: Card) -> None:
    _need(card.summary.endswith("."), card, "the card's summary is not a sentence that ends with a full stop")


def _need(holds: bool, card: Card, what: str) -> None:
    if not holds:
        raise PartError(f"{card.name}: {what}")


def _some_slots() -> Slots:
    """Return slots with every further column there is."""
    rng = np.random.default_rng(3)
    propensity, target = rng.uniform(0.2, 1.0, _N), rng.uniform(0.0, 1.0, _N)
    columns = rng.uniform(0.0, 1.0, (3, _N))
    further = {name: rng.uniform(0.1, 1.0, _N) for name in FURTHER}
    return Slots(rng.integers(0, 40, _N), columns[0], propensity, target, columns[1], columns[2], further)


def _lacking(slots: Slots) -> Slots:
    """Return the same slots without a reward model and without further columns."""
    unknown = np.full(_N, np.nan)
    return Slots(slots.user, slots.reward, slots.propensity, slots.target, unknown, unknown)


def _arrays(made: Terms) -> list[np.ndarray]:
    """Return all arrays of some terms."""
    return [made.numerator, *made.controls, *(part for part in (made.denominator, made.baseline) if part is not None)]
