"""How far an estimate may be off: sums over users, and kinds of intervals made of them, each with its card."""

from __future__ import annotations

from serendip.experiments.offline.intervals.card import IntervalCard
from serendip.simulator.cards import Registry

INTERVALS = Registry(
    "interval",
    IntervalCard,
    {
        "combined": "serendip.experiments.offline.intervals.combined:CARD",
        "bootstrap": "serendip.experiments.offline.intervals.estimate:BOOTSTRAP",
        "delta_method": "serendip.experiments.offline.intervals.bounds:DELTA_METHOD",
        "confidence_sequence": "serendip.experiments.offline.intervals.bounds:CONFIDENCE_SEQUENCE",
        "korn_graubard": "serendip.experiments.offline.intervals.bounds:KORN_GRAUBARD",
        "hoeffding": "serendip.experiments.offline.intervals.bounds:HOEFFDING",
        "empirical_bernstein": "serendip.experiments.offline.intervals.bounds:EMPIRICAL_BERNSTEIN",
        "empirical_likelihood": "serendip.experiments.offline.intervals.likelihood:EMPIRICAL_LIKELIHOOD",
        "cressie_read": "serendip.experiments.offline.intervals.likelihood:CRESSIE_READ",
    },
)
MAIN = "combined"  # the interval that an estimate goes by; the others stand beside it
