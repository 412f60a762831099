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
