"""The names of all agents and of what they are made of.  A new model, belief, strategy or preset is one line here.

The kinds are lazy strings: what is not asked for is not imported.
"""

from __future__ import annotations

from typing import Any

MODELS = {
    "ease": "serendip.agents.models.ease:CARD",
    "ials": "serendip.agents.models.ials:CARD",
    "mult-vae": "serendip.agents.models.mult_vae:CARD",
}
BELIEFS = {
    "ensemble": "serendip.agents.beliefs.ensemble:Ensemble",
    "latent": "serendip.agents.beliefs.latent:Latent",
    "nothing": "serendip.agents.beliefs.nothing:Nothing",
    "point": "serendip.agents.beliefs.point:Point",
    "popularity": "serendip.agents.beliefs.popularity:Popularity",
}
STRATEGIES = {
    "greedy": "serendip.agents.strategies.greedy:Greedy",
    "thompson": "serendip.agents.strategies.thompson:Thompson",
    "uniform": "serendip.agents.strategies.uniform:Uniform",
}
PRESETS: dict[str, dict[str, Any]] = {
    "uniform": {"strategy": "uniform", "belief": "nothing", "epsilon": 1.0},
    "popularity": {"strategy": "greedy", "belief": "popularity"},
}
GENERAL: dict[str, dict[str, Any]] = {  # any belief x any strategy: make("thompson", belief=..., model=...)
}
MODEL_OF = {"ensemble": "ease", "latent": "mult-vae", "point": "ease"}  # where none is named
