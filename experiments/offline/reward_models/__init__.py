"""Models of the reward that doubly robust estimators lean on: one file each, which ends with its card."""

from __future__ import annotations

from serendip.experiments.offline.reward_models.card import RewardModelCard
from serendip.simulator.cards import Registry

REWARD_MODELS = Registry(
    "reward model",
    RewardModelCard,
    {
        "table": "serendip.experiments.offline.reward_models.table:CARD",
        "users": "serendip.experiments.offline.reward_models.users:CARD",
        "states": "serendip.experiments.offline.reward_models.states:CARD",
        "ridge": "serendip.experiments.offline.reward_models.ridge:CARD",
        "boosting": "serendip.experiments.offline.reward_models.boosting:CARD",
    },
)
