"""The agents that know the site's own choice model.

A new one is a card here and a line in `AGENTS` in `agents/__init__.py`.
"""

from __future__ import annotations

from serendip.agents.cards import AgentCard

GREEDY = AgentCard(
    name="choice-greedy",
    summary="Greed on tastes that the site's own choice model tells: positions, competition in a slate, satiation.",
    strategy="greedy",
    belief="choice-mixture",
)
THOMPSON = AgentCard(
    name="choice-thompson",
    summary="Thompson sampling of joint tastes: what is liked goes together.",
    strategy="thompson",
    belief="choice-mixture",
    epsilon=0.05,
)
CLUSTERS_GREEDY = AgentCard(
    name="choice-clusters-greedy",
    summary="Greed by the choice model on groups of items that it learns: what `choice-greedy` is without topics.",
    strategy="greedy",
    belief="choice-clusters",
)
FACTORS_GREEDY = AgentCard(
    name="choice-factors-greedy",
    summary="Greed by the choice model on vectors of users and mixes of factors that it learns: without topics, too.",
    strategy="greedy",
    belief="choice-factors",
)
VAE_GREEDY = AgentCard(
    name="choice-vae-greedy",
    summary="Greed by the choice model on an autoencoder's guesses of users, corrected by what they were shown.",
    strategy="greedy",
    belief="choice-vae",
)
HEDGED = AgentCard(
    name="choice-hedged",
    summary="Slates that hedge over joint guesses of what the user likes: something in them should be clicked.",
    strategy="hedged",
    belief="choice-mixture",
    epsilon=0.02,
    strategy_settings={"width": 1.5},
)
LOOKAHEAD = AgentCard(
    name="choice-lookahead",
    summary="Shows what is good now or would pay to know over the slates to come.",
    strategy="lookahead",
    belief="choice-mixture",
)
HEDGED_TOPICS = AgentCard(
    name="choice-hedged-topics",
    summary="The control of `choice-hedged`: as unsure, but about other topics.",
    strategy="hedged",
    belief="choice-mixture",
    epsilon=0.02,
    strategy_settings={"width": 1.5, "doubts": "topics"},
)
HEDGED_USERS = AgentCard(
    name="choice-hedged-users",
    summary="The control of `choice-hedged`: as unsure, but as of a user who saw as many slates.",
    strategy="hedged",
    belief="choice-mixture",
    epsilon=0.02,
    strategy_settings={"width": 1.5, "doubts": "like-users"},
)
HEDGED_NOISE = AgentCard(
    name="choice-hedged-noise",
    summary="The control of `choice-hedged`: noise of one scale for everyone and everything.",
    strategy="hedged",
    belief="choice-mixture",
    epsilon=0.02,
    strategy_settings={"width": 0.2, "doubts": "noise"},
)
