"""The beliefs there are: what an agent thinks of all items, and how sure it is.

Adding one is a file beside this one, which ends with its card, and a line here.
"""

from serendip.agents.cards import BeliefCard
from serendip.simulator.cards import Registry

BELIEFS = Registry(
    "belief",
    BeliefCard,
    {
        "choice-clusters": "serendip.agents.beliefs.choice_clusters:CARD",
        "choice-factors": "serendip.agents.beliefs.choice_factors:CARD",
        "choice-mixture": "serendip.agents.beliefs.choice_mixture:CARD",
        "choice-vae": "serendip.agents.beliefs.choice_vae:CARD",
        "click-rates": "serendip.agents.beliefs.click_rates:CARD",
        "combined": "serendip.agents.beliefs.combined:CARD",
        "dropout": "serendip.agents.beliefs.dropout:CARD",
        "ease-posterior": "serendip.agents.beliefs.ease_posterior:CARD",
        "ensemble": "serendip.agents.beliefs.ensemble:CARD",
        "gaussian-field": "serendip.agents.beliefs.gaussian_field:CARD",
        "laplace-factors": "serendip.agents.beliefs.laplace_factors:CARD",
        "laplace-items": "serendip.agents.beliefs.laplace_items:CARD",
        "latent": "serendip.agents.beliefs.latent:CARD",
        "linear": "serendip.agents.beliefs.linear:CARD",
        "linear-ensemble": "serendip.agents.beliefs.linear_ensemble:CARD",
        "logistic": "serendip.agents.beliefs.logistic:CARD",
        "neural-linear": "serendip.agents.beliefs.neural_linear:CARD",
        "next-click": "serendip.agents.beliefs.next_click:CARD",
        "nothing": "serendip.agents.beliefs.nothing:CARD",
        "point": "serendip.agents.beliefs.point:CARD",
        "policy": "serendip.agents.beliefs.policy:CARD",
        "popularity": "serendip.agents.beliefs.popularity:CARD",
        "user-factors": "serendip.agents.beliefs.user_factors:CARD",
    },
)
