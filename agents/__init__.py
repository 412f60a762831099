"""Who chooses what to show, knowing no more than a live site could see; and the agents there are.

Adding a combination is a card in `presets.py` and a line here.
"""

from serendip.agents.cards import AgentCard
from serendip.simulator.cards import Registry

AGENTS = Registry(
    "agent",
    AgentCard,
    {
        "uniform": "serendip.agents.presets:UNIFORM",
        "popularity": "serendip.agents.presets:POPULARITY",
        "ease-greedy": "serendip.agents.presets:EASE_GREEDY",
        "ease-epsilon": "serendip.agents.presets:EASE_EPSILON",
        "popularity-thompson": "serendip.agents.presets:POPULARITY_THOMPSON",
        "vae-greedy": "serendip.agents.presets:VAE_GREEDY",
        "vae-thompson": "serendip.agents.presets:VAE_THOMPSON",
        "dae-dropout-thompson": "serendip.agents.presets:DAE_DROPOUT_THOMPSON",
        "vae-items-thompson": "serendip.agents.presets:VAE_ITEMS_THOMPSON",
        "vae-combined-thompson": "serendip.agents.presets:VAE_COMBINED_THOMPSON",
        "bootstrap-thompson": "serendip.agents.presets:BOOTSTRAP_THOMPSON",
        "bootstrap-top-two": "serendip.agents.presets:BOOTSTRAP_TOP_TWO",
        "bootstrap-ucb": "serendip.agents.presets:BOOTSTRAP_UCB",
        "ease-boltzmann": "serendip.agents.presets:EASE_BOLTZMANN",
        "ease-posterior-thompson": "serendip.agents.presets:EASE_POSTERIOR_THOMPSON",
        "ease-squarecb": "serendip.agents.presets:EASE_SQUARECB",
        "field-thompson": "serendip.agents.presets:FIELD_THOMPSON",
        "mf-thompson": "serendip.agents.presets:MF_THOMPSON",
        "linear-ucb": "serendip.agents.presets:LINEAR_UCB",
        "linear-ensemble-thompson": "serendip.agents.presets:LINEAR_ENSEMBLE_THOMPSON",
        "logistic-thompson": "serendip.agents.presets:LOGISTIC_THOMPSON",
        "logistic-greedy": "serendip.agents.presets:LOGISTIC_GREEDY",
        "logistic-shuffled": "serendip.agents.presets:LOGISTIC_SHUFFLED",
        "neural-linear-thompson": "serendip.agents.presets:NEURAL_LINEAR_THOMPSON",
        "choice-greedy": "serendip.agents.choice_presets:GREEDY",
        "choice-thompson": "serendip.agents.choice_presets:THOMPSON",
        "choice-clusters-greedy": "serendip.agents.choice_presets:CLUSTERS_GREEDY",
        "choice-factors-greedy": "serendip.agents.choice_presets:FACTORS_GREEDY",
        "choice-vae-greedy": "serendip.agents.choice_presets:VAE_GREEDY",
        "choice-hedged": "serendip.agents.choice_presets:HEDGED",
        "choice-lookahead": "serendip.agents.choice_presets:LOOKAHEAD",
        "choice-hedged-topics": "serendip.agents.choice_presets:HEDGED_TOPICS",
        "choice-hedged-users": "serendip.agents.choice_presets:HEDGED_USERS",
        "choice-hedged-noise": "serendip.agents.choice_presets:HEDGED_NOISE",
        "policy": "serendip.agents.presets:POLICY",
        "vae-shuffled": "serendip.agents.presets:VAE_SHUFFLED",
        "vae-items-shuffled": "serendip.agents.presets:VAE_ITEMS_SHUFFLED",
        "vae-combined-shuffled": "serendip.agents.presets:VAE_COMBINED_SHUFFLED",
        "field-shuffled": "serendip.agents.presets:FIELD_SHUFFLED",
        "mf-shuffled": "serendip.agents.presets:MF_SHUFFLED",
        "bootstrap-shuffled": "serendip.agents.presets:BOOTSTRAP_SHUFFLED",
        "ease-novelty": "serendip.agents.presets:EASE_NOVELTY",
    },
    card_of="serendip.agents.own:card_of",
)
