"""From files to slots: a log, one's own table, other people's formats; and models of propensities that a log lacks."""

from __future__ import annotations

from serendip.experiments.offline.reading.propensity_model import PropensityModelCard
from serendip.simulator.cards import Registry

PROPENSITY_MODELS = Registry(
    "propensity model",
    PropensityModelCard,
    {
        "frequency": "serendip.experiments.offline.reading.propensity_model:FREQUENCY",
        "logistic": "serendip.experiments.offline.reading.propensity_model:LOGISTIC",
    },
)
