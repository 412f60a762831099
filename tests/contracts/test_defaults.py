"""Defaults are written down here once more: what the documentation says was measured was measured with them.

Whoever changes one on purpose changes it here too, and runs the tables that it was part of anew.
"""

from __future__ import annotations

from typing import Any

import pytest

from serendip.agents.beliefs import BELIEFS
from serendip.agents.strategies import STRATEGIES
from serendip.simulator.choice import CHOICES
from serendip.simulator.dynamics import DYNAMICS
from serendip.simulator.settings_json import settings_to_json

OF_BELIEFS: dict[str, dict[str, Any]] = {
    "click-rates": {"of": "item", "strength": None},
    "combined": {
        "members": 3,
        "weights": "exponential",
        "item_side": "laplace",
        "item_temperature": 0.8,
        "user_temperature": 0.5,
        "moment_draws": 24,
    },
    "dropout": {"probability": None, "moment_draws": 16},
    "ease-posterior": {"lam": 300.0, "temperature": 1.0, "refit_every": 10},
    "ensemble": {"members": 10, "weights": "poisson", "prior_scale": 0.03, "pseudo_users": 10, "pseudo_clicks": 5},
    "gaussian-field": {"lam": 20.0, "noise": 1.0, "temperature": 1.0},
    "laplace-factors": {"temperature": 1.0},
    "laplace-items": {"item_temperature": 1.0, "user_temperature": 0.0, "moment_draws": 16},
    "latent": {"temperature": 1.0, "moment_draws": 16, "inference": "amortised", "free_steps": 10},
    "linear": {"of": "item", "penalty": 1.0, "noise": 0.2, "trust": 6.0},
    "linear-ensemble": {"of": "item", "members": 10, "penalty": 1.0, "prior_scale": 0.3},
    "logistic": {"of": "item", "penalty": 1.0},
    "neural-linear": {"hidden": 32, "steps": 50, "batch": 256, "rate": 0.01, "penalty": 1.0, "noise": 0.2},
    "policy": {"hidden": 0},
    "user-factors": {"temperature": 1.0},
}
OF_STRATEGIES: dict[str, dict[str, Any]] = {
    "boltzmann": {"temperature": 0.2, "draws": 8},
    "novelty": {"bonus": 12.0},
    "shuffled": {"draws": None},
    "softmax": {"draws": 8},
    "squarecb": {"gamma": 1000.0, "draws": 8, "standardise": True},
    "thompson": {"draws": None},
    "top-two": {"draws": None, "leader": 0.5},
    "ucb": {"width": 1.0},
}
OF_DYNAMICS: dict[str, dict[str, Any]] = {
    "repertoire": {
        "discovery_effect": 2.6,
        "breadth_scale": 2.0,
        "satisfaction_effect": 2.5,
        "activity_days": 14.0,
        "repertoire_days": 60.0,
        "learning": 0.35,
        "satiation_effect": 0.25,
        "satiation_days": 4.0,
        "satiation_step": 0.4,
        "satisfaction_step": 0.15,
        "disappointment": 0.15,
        "leaving": 0.02,
        "loyalty": 6.0,
        "unfamiliarity": 0.0,
        "max_rate": 2.5,
    },
    "bgnbd": {"leave_a": 0.793, "leave_b": 2.426},
    "hawkes": {
        "fast": 1.0,
        "fast_days": 3.0,
        "slow": 0.5,
        "slow_days": 60.0,
        "learning": 0.35,
        "repertoire_days": 60.0,
        "satiation_effect": 0.25,
        "satiation_days": 4.0,
        "satiation_step": 0.4,
        "leaving": 0.005,
        "max_rate": 2.5,
    },
    "clickbait": {
        "sensational": 0.25,
        "allure": 2.5,
        "sensitivity": 0.3,
        "exposure_days": 20.0,
        "satisfaction_effect": 2.0,
        "activity_days": 10.0,
        "learning": 0.35,
        "repertoire_days": 60.0,
        "leaving": 0.002,
        "max_rate": 2.5,
    },
    "boredom": {
        "window": 10,
        "limit": 5,
        "locked_days": 5.0,
        "penalty": 5.0,
        "annoyance": 0.7,
        "learning": 0.35,
        "repertoire_days": 60.0,
        "leaving": 0.002,
    },
}
OF_CHOICES: dict[str, dict[str, Any]] = {
    "multinomial-logit": {"outside": 1.0, "examination": 0.85},
    "position-based": {"outside": 1.0, "examination": 0.85},
    "cascade": {"outside": 1.0, "examination": 0.85},
}
ALL = [
    (registry, name, values)
    for registry, of in (
        (BELIEFS, OF_BELIEFS),
        (STRATEGIES, OF_STRATEGIES),
        (DYNAMICS, OF_DYNAMICS),
        (CHOICES, OF_CHOICES),
    )
    for name, values in of.items()
]


@pytest.mark.parametrize(("registry", "name", "values"), ALL, ids=[name for _, name, _ in ALL])
def test_defaults_are_what_was_measured_with(registry: Any, name: str, values: dict[str, Any]) -> None:
    found = settings_to_json(registry.card(name).settings)
    assert {key: found.get(key, "gone") for key in values} == values  # what is new is free
