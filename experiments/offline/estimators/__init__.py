"""One-step estimators: pure functions from logged slots to per-decision terms, each with its card.

An estimator is `(slots, **settings) -> Terms`.  The mean, the interval, the diagnostics and the streaming are generic
over `Terms`, so a new estimator is one file here, which ends with its card, and one line in `ESTIMATORS`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Mapping, Sequence

from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Slots, Terms
from serendip.simulator.cards import Registry
from serendip.simulator.errors import SettingsError

Estimator = Callable[[Slots], Terms]

ESTIMATORS = Registry(
    "estimator",
    EstimatorCard,
    {
        "ips": "serendip.experiments.offline.estimators.ips:IPS",
        "clipped_ips": "serendip.experiments.offline.estimators.ips:CLIPPED_IPS",
        "snips": "serendip.experiments.offline.estimators.ips:SNIPS",
        "dm": "serendip.experiments.offline.estimators.direct:CARD",
        "dr": "serendip.experiments.offline.estimators.doubly_robust:DR",
        "sndr": "serendip.experiments.offline.estimators.doubly_robust:SNDR",
        "switch_dr": "serendip.experiments.offline.estimators.doubly_robust:SWITCH_DR",
        "dr_os": "serendip.experiments.offline.estimators.doubly_robust:DR_OS",
        "subgaussian_ips": "serendip.experiments.offline.estimators.ips:SUBGAUSSIAN_IPS",
        "slate_ips": "serendip.experiments.offline.estimators.slate:SLATE_IPS",
        "slate_snips": "serendip.experiments.offline.estimators.slate:SLATE_SNIPS",
        "beta_ips": "serendip.experiments.offline.estimators.controls:BETA_IPS",
        "beta_dr": "serendip.experiments.offline.estimators.controls:BETA_DR",
        "mips": "serendip.experiments.offline.estimators.marginal:MIPS",
        "off_cem": "serendip.experiments.offline.estimators.marginal:OFF_CEM",
        "balanced_ips": "serendip.experiments.offline.estimators.loggers:CARD",
        "balanced_snips": "serendip.experiments.offline.estimators.loggers:SELF_NORMALISED",
        "adaptive_snips": "serendip.experiments.offline.estimators.adaptive:SNIPS",
        "adaptive_dr": "serendip.experiments.offline.estimators.adaptive:DR",
        "cascade_ips": "serendip.experiments.offline.estimators.slate:CASCADE_IPS",
        "cascade_dr": "serendip.experiments.offline.estimators.slate:CASCADE_DR",
        "pseudo_inverse": "serendip.experiments.offline.estimators.slate:PSEUDO_INVERSE",
        "mrdr": "serendip.experiments.offline.estimators.doubly_robust:MRDR",
    },
)


def card_of(name: str) -> EstimatorCard:
    """Return the card of the estimator `name`, which may carry a setting, as in `clipped_ips@10`.

    Raises:
        SettingsError: no estimator has that name; the known ones are listed.
    """
    return ESTIMATORS.card(name.partition("@")[0])


def named(name: str) -> str:
    """Return the name of the estimator that a person named: one that is known, or one in a file of their own.

    Raises:
        SettingsError: no estimator has that name, or none is in that file.
    """
    return ESTIMATORS.admit(name).name if ":" in name and not ESTIMATORS.known(name) else card_of(name).name


@functools.cache
def usual() -> tuple[str, ...]:
    """Return the names of the estimators that are made where none are named."""
    return tuple(name for name in ESTIMATORS if ESTIMATORS.card(name).usual)


def needs(names: Sequence[str]) -> set[str]:
    """Return the further columns that the estimators `names` need."""
    return {column for name in names for column in card_of(name).needs}


def possible(names: Sequence[str], columns: Collection[str]) -> tuple[str, ...]:
    """Return those of `names` that need no further column but `columns`."""
    return tuple(name for name in names if set(card_of(name).needs) <= set(columns))


def make(name: str, tuning: Mapping[str, float] | None = None) -> Estimator:
    """Return the estimator of that name with its settings.

    Args:
        name: it may end with a setting of its own, which then counts: `clipped_ips@10` has a clip of 10.
        tuning: settings that estimators share by name; a `clip` says for all how large a weight may be.

    Raises:
        SettingsError: no estimator has that name (the known ones are listed), or a setting is out of its range.
    """
    card = card_of(name)
    own, shared, setting = name.partition("@")[2], tuning or {}, card.setting
    if card.tuned is None or setting is None:
        return card.make
    value = getattr(card.settings, setting)
    if own:
        value = _number(name, own)
    elif setting in shared:
        value = shared[setting]
    elif "clip" in shared:
        value = card.tuned(shared["clip"])
    dataclasses.replace(card.settings, **{setting: value})  # which checks its range
    return functools.partial(card.make, **{setting: value})


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise SettingsError(f"{name!r}: after the @ stands a number, as in clipped_ips@10") from error


def title_of(name: str) -> str:
    """Return what people call an estimator, with the name that is typed; the name alone where it has no card here."""
    bare = name.partition("@")[0]
    return ESTIMATORS.card(bare).said() if ESTIMATORS.known(bare) else name
