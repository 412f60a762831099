"""One-step estimators: pure functions from logged slots to per-decision terms.

An estimator is `(slots, **tuning) -> Terms`.  The mean, the interval, the diagnostics and the streaming are generic
over `Terms`, so a new estimator is one file here and one line in `ESTIMATORS`.
"""

from __future__ import annotations

import functools
import inspect
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from serendip.experiments.offline.slots import Slots, Terms
from serendip.simulator.errors import SettingsError

Estimator = Callable[[Slots], Terms]

ESTIMATORS: dict[str, str] = {
    "ips": "serendip.experiments.offline.estimators.ips:ips",
    "clipped_ips": "serendip.experiments.offline.estimators.ips:clipped_ips",
    "snips": "serendip.experiments.offline.estimators.ips:self_normalised_ips",
    "dm": "serendip.experiments.offline.estimators.direct:direct_method",
    "dr": "serendip.experiments.offline.estimators.doubly_robust:doubly_robust",
    "sndr": "serendip.experiments.offline.estimators.doubly_robust:self_normalised_doubly_robust",
    "switch_dr": "serendip.experiments.offline.estimators.doubly_robust:switch_doubly_robust",
    "dr_os": "serendip.experiments.offline.estimators.doubly_robust:shrunk_doubly_robust",
    "subgaussian_ips": "serendip.experiments.offline.estimators.ips:subgaussian_ips",
    "slate_ips": "serendip.experiments.offline.estimators.slate:slate_ips",
    "slate_snips": "serendip.experiments.offline.estimators.slate:self_normalised_slate_ips",
    "mips": "serendip.experiments.offline.estimators.marginal:marginalised_ips",
    "off_cem": "serendip.experiments.offline.estimators.marginal:conjunct_effect_model",
    "balanced_ips": "serendip.experiments.offline.estimators.loggers:balanced_ips",
    "cascade_ips": "serendip.experiments.offline.estimators.slate:cascade_ips",
    "cascade_dr": "serendip.experiments.offline.estimators.slate:cascade_model_corrected",
    "pseudo_inverse": "serendip.experiments.offline.estimators.slate:pseudo_inverse_ips",
    "mrdr": "serendip.experiments.offline.estimators.doubly_robust:more_robust_doubly_robust",
}

USUAL = (
    *("ips", "clipped_ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os", "subgaussian_ips"),
    *("slate_ips", "slate_snips"),
)
NEEDS: dict[str, str] = {  # the further column that an estimator cannot do without
    "slate_ips": "slate_weight",
    "slate_snips": "slate_weight",
    "mips": "marginal_weight",
    "off_cem": "marginal_weight",
    "balanced_ips": "balanced_propensity",
    "cascade_ips": "prefix_weight",
    "cascade_dr": "prefix_weight",
    "pseudo_inverse": "pseudo_inverse_weight",
    "mrdr": "mrdr_expected",
}
MODELLED = ("dm", "dr", "sndr", "switch_dr", "dr_os", "off_cem", "cascade_dr")  # what a reward model is fitted for
TUNED = {"clipped_ips": "clip", "switch_dr": "clip", "dr_os": "shrinkage", "subgaussian_ips": "smoothing"}


def possible(names: Sequence[str], columns: Collection[str]) -> tuple[str, ...]:
    """Return those of `names` that need no further column but `columns`."""
    return tuple(name for name in names if NEEDS.get(name) is None or NEEDS[name] in columns)


def make(name: str, tuning: Mapping[str, float] | None = None) -> Estimator:
    """Return the estimator of that name, with what it uses of `tuning` (such as a clip) set.

    A name may end with a setting of its own, which then counts: `clipped_ips@10` has a clip of 10.

    Raises:
        SettingsError: no estimator has that name; the known ones are listed.
    """
    name, _, own = name.partition("@")
    if name not in ESTIMATORS:
        raise SettingsError(f"unknown estimator {name!r}; known estimators: {', '.join(ESTIMATORS)}")
    function: Any = pkgutil.resolve_name(ESTIMATORS[name])
    accepted = list(inspect.signature(function).parameters)[1:]
    used = {key: value for key, value in (tuning or {}).items() if key in accepted}
    if own:
        used[TUNED[name]] = float(own)
    return functools.partial(function, **used) if used else function
