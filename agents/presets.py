"""The combinations of a strategy, a belief and a model that have a name of their own."""

from __future__ import annotations

from typing import Any

_VAE = {"latent": 32, "hidden": [200], "exposed_only": True}
_MF = {"latent": 16, "l2": 1.0, "warm_epochs": 20, "exposed_only": True}
PRESETS: dict[str, dict[str, Any]] = {
    "uniform": {"strategy": "uniform", "belief": "nothing", "epsilon": 1.0},
    "popularity": {"strategy": "greedy", "belief": "popularity"},
    "ease-greedy": {"strategy": "greedy", "belief": "point", "model": "ease"},
    "ease-epsilon": {"strategy": "greedy", "belief": "point", "model": "ease", "epsilon": 0.1},
    "popularity-thompson": {"strategy": "thompson", "belief": "click-rates", "epsilon": 0.05},
    "vae-greedy": {"strategy": "greedy", "belief": "point", "model": "mult-vae", "model_settings": _VAE},
    "vae-thompson": {
        "strategy": "thompson",
        "belief": "latent",
        "model": "mult-vae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    "dae-dropout-thompson": {
        "strategy": "thompson",
        "belief": "dropout",
        "model": "mult-dae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    # unsure of the items too, of those never shown most: an item-side prior and a likelihood of what was shown alone
    "vae-items-thompson": {
        "strategy": "thompson",
        "belief": "laplace-items",
        "model": "mult-vae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    "vae-combined-thompson": {
        "strategy": "thompson",
        "belief": "combined",
        "model": "mult-vae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    "bootstrap-thompson": {"strategy": "thompson", "belief": "ensemble", "model": "ease", "epsilon": 0.05},
    "bootstrap-top-two": {"strategy": "top-two", "belief": "ensemble", "model": "ease", "epsilon": 0.05},
    "bootstrap-ucb": {"strategy": "ucb", "belief": "ensemble", "model": "ease", "epsilon": 0.05},
    "ease-boltzmann": {"strategy": "boltzmann", "belief": "point", "model": "ease", "epsilon": 0.05},
    "ease-posterior-thompson": {"strategy": "thompson", "belief": "ease-posterior", "epsilon": 0.05},
    "ease-squarecb": {"strategy": "squarecb", "belief": "point", "model": "ease", "epsilon": 0.05},
    # what a user was not shown is missing, not disliked
    "field-thompson": {"strategy": "thompson", "belief": "gaussian-field", "epsilon": 0.05},
    "mf-thompson": {
        "strategy": "thompson",
        "belief": "laplace-factors",
        "model": "bernoulli-mf",
        "model_settings": _MF,
        "epsilon": 0.05,
    },
    # with features of users and items
    "linear-ucb": {"strategy": "ucb", "belief": "linear", "epsilon": 0.05},
    "linear-ensemble-thompson": {"strategy": "thompson", "belief": "linear-ensemble", "epsilon": 0.05},
    "logistic-thompson": {"strategy": "thompson", "belief": "logistic", "epsilon": 0.05},
    "logistic-greedy": {"strategy": "greedy", "belief": "logistic"},
    "logistic-shuffled": {"strategy": "shuffled", "belief": "logistic", "epsilon": 0.05},
    "neural-linear-thompson": {"strategy": "thompson", "belief": "neural-linear", "epsilon": 0.05},
    # what `serendip learn` teaches; until then it shows all alike
    "policy": {"strategy": "softmax", "belief": "policy", "epsilon": 0.05},
    # controls: as random, but not where the belief is unsure; and new to the user, whatever is believed
    "vae-shuffled": {
        "strategy": "shuffled",
        "belief": "latent",
        "model": "mult-vae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    "vae-items-shuffled": {
        "strategy": "shuffled",
        "belief": "laplace-items",
        "model": "mult-vae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    "vae-combined-shuffled": {
        "strategy": "shuffled",
        "belief": "combined",
        "model": "mult-vae",
        "model_settings": _VAE,
        "epsilon": 0.05,
    },
    "field-shuffled": {"strategy": "shuffled", "belief": "gaussian-field", "epsilon": 0.05},
    "mf-shuffled": {
        "strategy": "shuffled",
        "belief": "laplace-factors",
        "model": "bernoulli-mf",
        "model_settings": _MF,
        "epsilon": 0.05,
    },
    "bootstrap-shuffled": {"strategy": "shuffled", "belief": "ensemble", "model": "ease", "epsilon": 0.05},
    "ease-novelty": {"strategy": "novelty", "belief": "point", "model": "ease", "epsilon": 0.05},
}
