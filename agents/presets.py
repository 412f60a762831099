"""The combinations of a strategy, a belief and a model that have a name of their own.

A new one is a card here and a line in `AGENTS` in `agents/__init__.py`.
"""

from __future__ import annotations

from serendip.agents.cards import AgentCard

_VAE = {"latent": 32, "hidden": [200], "exposed_only": True}
_MF = {"latent": 16, "l2": 1.0, "warm_epochs": 20, "exposed_only": True}

UNIFORM = AgentCard(
    name="uniform",
    summary="Anything at all, each slate as likely: the log that any policy can be evaluated on.",
    strategy="uniform",
    belief="nothing",
    epsilon=1.0,
)
POPULARITY = AgentCard(
    name="popularity",
    summary="Shows what most clicked, the same to everyone: the least that any agent has to beat.",
    strategy="greedy",
    belief="popularity",
)
EASE_GREEDY = AgentCard(
    name="ease-greedy",
    summary="Greed on EASE: strong, quick and without doubts; what exploration is measured against.",
    strategy="greedy",
    belief="point",
    model="ease",
)
EASE_EPSILON = AgentCard(
    name="ease-epsilon",
    summary="Greed on EASE that shows anything at all now and then: the simplest exploration there is.",
    strategy="greedy",
    belief="point",
    model="ease",
    epsilon=0.1,
)
POPULARITY_THOMPSON = AgentCard(
    name="popularity-thompson",
    summary="Thompson sampling of click rates, the same for all users: a bandit without a model of users.",
    strategy="thompson",
    belief="click-rates",
    epsilon=0.05,
)
VAE_GREEDY = AgentCard(
    name="vae-greedy",
    summary="Greed on a variational autoencoder: what its doubts add is the lead of `vae-thompson` over it.",
    strategy="greedy",
    belief="point",
    model="mult-vae",
    model_settings=_VAE,
)
VAE_THOMPSON = AgentCard(
    name="vae-thompson",
    summary="Thompson sampling of who the user is: explores most with users of few clicks.",
    strategy="thompson",
    belief="latent",
    model="mult-vae",
    model_settings=_VAE,
    epsilon=0.05,
)
DAE_DROPOUT_THOMPSON = AgentCard(
    name="dae-dropout-thompson",
    summary="Thompson sampling by dropout of clicks: doubts of the user without a variational model.",
    strategy="thompson",
    belief="dropout",
    model="mult-dae",
    model_settings=_VAE,
    epsilon=0.05,
)
VAE_ITEMS_THOMPSON = AgentCard(
    name="vae-items-thompson",
    summary="Thompson sampling of what the items are: explores those that were shown least.",
    strategy="thompson",
    belief="laplace-items",
    model="mult-vae",
    model_settings=_VAE,
    epsilon=0.05,
)
VAE_COMBINED_THOMPSON = AgentCard(
    name="vae-combined-thompson",
    summary="Thompson sampling of users, items and networks together: all that is not known.",
    strategy="thompson",
    belief="combined",
    model="mult-vae",
    model_settings=_VAE,
    epsilon=0.05,
)
BOOTSTRAP_THOMPSON = AgentCard(
    name="bootstrap-thompson",
    summary="Thompson sampling over an ensemble of EASEs: doubts without a network, for any model.",
    strategy="thompson",
    belief="ensemble",
    model="ease",
    epsilon=0.05,
)
BOOTSTRAP_TOP_TWO = AgentCard(
    name="bootstrap-top-two",
    summary="The ensemble of EASEs, its best rival played as often as its best: explores more.",
    strategy="top-two",
    belief="ensemble",
    model="ease",
    epsilon=0.05,
)
BOOTSTRAP_UCB = AgentCard(
    name="bootstrap-ucb",
    summary="The ensemble of EASEs, what it disagrees on taken to be good: optimism.",
    strategy="ucb",
    belief="ensemble",
    model="ease",
    epsilon=0.05,
)
EASE_BOLTZMANN = AgentCard(
    name="ease-boltzmann",
    summary="A softmax of EASE's scores: better items more often, whatever is known of them.",
    strategy="boltzmann",
    belief="point",
    model="ease",
    epsilon=0.05,
)
EASE_POSTERIOR_THOMPSON = AgentCard(
    name="ease-posterior-thompson",
    summary="Thompson sampling of EASE's weights in closed form: quick doubts of the items.",
    strategy="thompson",
    belief="ease-posterior",
    epsilon=0.05,
)
EASE_SQUARECB = AgentCard(
    name="ease-squarecb",
    summary="Inverse gap weighting of EASE's scores: an item is less likely the further it is behind.",
    strategy="squarecb",
    belief="point",
    model="ease",
    epsilon=0.05,
)
FIELD_THOMPSON = AgentCard(
    name="field-thompson",
    summary="Thompson sampling in which what a user was not shown is missing, not disliked.",
    strategy="thompson",
    belief="gaussian-field",
    epsilon=0.05,
)
MF_THOMPSON = AgentCard(
    name="mf-thompson",
    summary="Thompson sampling of users' vectors in a factorisation of clicks: small, and quick on many items.",
    strategy="thompson",
    belief="laplace-factors",
    model="bernoulli-mf",
    model_settings=_MF,
    epsilon=0.05,
)
LINEAR_UCB = AgentCard(
    name="linear-ucb",
    summary="LinUCB: optimism about each item's linear regression on features of the user and the item.",
    strategy="ucb",
    belief="linear",
    epsilon=0.05,
)
LINEAR_ENSEMBLE_THOMPSON = AgentCard(
    name="linear-ensemble-thompson",
    summary="Thompson sampling over linear regressions that disagree: what serves fastest.",
    strategy="thompson",
    belief="linear-ensemble",
    epsilon=0.05,
)
LOGISTIC_THOMPSON = AgentCard(
    name="logistic-thompson",
    summary="Thompson sampling of each item's logistic regression: what most sites could run today.",
    strategy="thompson",
    belief="logistic",
    epsilon=0.05,
)
LOGISTIC_GREEDY = AgentCard(
    name="logistic-greedy",
    summary="Greed on each item's logistic regression: what most sites run today.",
    strategy="greedy",
    belief="logistic",
)
LOGISTIC_SHUFFLED = AgentCard(
    name="logistic-shuffled",
    summary="The control of `logistic-thompson`: as random, but not where the regressions are unsure.",
    strategy="shuffled",
    belief="logistic",
    epsilon=0.05,
)
NEURAL_LINEAR_THOMPSON = AgentCard(
    name="neural-linear-thompson",
    summary="Thompson sampling of the last layer of a network that learns which features matter.",
    strategy="thompson",
    belief="neural-linear",
    epsilon=0.05,
)
POLICY = AgentCard(
    name="policy",
    summary="What `serendip learn` teaches from a log; until then it shows all alike.",
    strategy="softmax",
    belief="policy",
    epsilon=0.05,
)
VAE_SHUFFLED = AgentCard(
    name="vae-shuffled",
    summary="The control of `vae-thompson`: as random, but not where the belief is unsure.",
    strategy="shuffled",
    belief="latent",
    model="mult-vae",
    model_settings=_VAE,
    epsilon=0.05,
)
VAE_ITEMS_SHUFFLED = AgentCard(
    name="vae-items-shuffled",
    summary="The control of `vae-items-thompson`: as random, but not where the belief is unsure.",
    strategy="shuffled",
    belief="laplace-items",
    model="mult-vae",
    model_settings=_VAE,
    epsilon=0.05,
)
VAE_COMBINED_SHUFFLED = AgentCard(
    name="vae-combined-shuffled",
    summary="The control of `vae-combined-thompson`: as random, but not where the belief is unsure.",
    strategy="shuffled",
    belief="combined",
    model="mult-vae",
    model_settings=_VAE,
    epsilon=0.05,
)
FIELD_SHUFFLED = AgentCard(
    name="field-shuffled",
    summary="The control of `field-thompson`: as random, but not where the belief is unsure.",
    strategy="shuffled",
    belief="gaussian-field",
    epsilon=0.05,
)
MF_SHUFFLED = AgentCard(
    name="mf-shuffled",
    summary="The control of `mf-thompson`: as random, but not where the belief is unsure.",
    strategy="shuffled",
    belief="laplace-factors",
    model="bernoulli-mf",
    model_settings=_MF,
    epsilon=0.05,
)
BOOTSTRAP_SHUFFLED = AgentCard(
    name="bootstrap-shuffled",
    summary="The control of `bootstrap-thompson`: as random, but not where the ensemble disagrees.",
    strategy="shuffled",
    belief="ensemble",
    model="ease",
    epsilon=0.05,
)
EASE_NOVELTY = AgentCard(
    name="ease-novelty",
    summary="A bonus for what the user was shown rarely, on EASE: novelty without any belief.",
    strategy="novelty",
    belief="point",
    model="ease",
    epsilon=0.05,
)
