"""The strategies there are: how a belief becomes slates.  Adding one is a file beside this one and a line here."""

from serendip.agents.cards import StrategyCard
from serendip.simulator.cards import Registry

STRATEGIES = Registry(
    "strategy",
    StrategyCard,
    {
        "boltzmann": "serendip.agents.strategies.boltzmann:CARD",
        "greedy": "serendip.agents.strategies.greedy:CARD",
        "growth": "serendip.agents.slates.growth:CARD",
        "hedged": "serendip.agents.slates.hedged:CARD",
        "information-directed": "serendip.agents.slates.information_directed:CARD",
        "joint-thompson": "serendip.agents.slates.joint_thompson:CARD",
        "lookahead": "serendip.agents.slates.lookahead:CARD",
        "lower-bound": "serendip.agents.slates.lower_bound:CARD",
        "novelty": "serendip.agents.strategies.novelty:CARD",
        "shuffled": "serendip.agents.strategies.shuffled:CARD",
        "softmax": "serendip.agents.strategies.softmax:CARD",
        "squarecb": "serendip.agents.strategies.squarecb:CARD",
        "thompson": "serendip.agents.strategies.thompson:CARD",
        "top-two": "serendip.agents.strategies.top_two:CARD",
        "ucb": "serendip.agents.strategies.ucb:CARD",
        "uniform": "serendip.agents.strategies.uniform:CARD",
    },
)
