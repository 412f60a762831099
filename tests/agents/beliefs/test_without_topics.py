"""Beliefs for sites that know no topics never look at them."""

import numpy as np
import pytest

from serendip.agents.registry import make
from serendip.simulator.interface import Feedback, Items, Slates, Visits

SMALL = {
    "choice-clusters-greedy": {"groups": 6, "personas": 3},
    "choice-factors-greedy": {"factors": 6, "personas": 3},
    "choice-vae-greedy": {"factors": 6, "personas": 4, "epochs": 2, "warm_epochs": 1},
}


@pytest.mark.parametrize("name", SMALL)
def test_topics_are_never_looked_at(name):
    """Agents that were told other topics do the very same."""
    n_items, n_users = 30, 40
    other = np.random.default_rng(3).integers(0, 6, n_items).astype(np.int32)
    agents = []
    for topic in (np.arange(n_items, dtype=np.int32) % 6, other):
        agent = make(name, Items(topic, np.zeros(n_items, dtype=np.int32)), 3, 1, **SMALL[name])
        for day in range(-3, 4):
            visits = Visits(np.arange(n_users), day, np.zeros(n_users, np.int32), np.ones(n_items, dtype=bool))
            shown = agent.act(visits, 7).items
            clicked = (shown + visits.user_ids[:, None]) % 6 == 0
            slates = Slates(shown, np.ones(shown.shape), None, np.zeros(n_users, dtype=bool))
            agent.observe(visits, slates, Feedback(clicked & (np.cumsum(clicked, axis=1) == 1)))
            agent.update()
        agents.append(agent.act(visits, 9).items)
    np.testing.assert_array_equal(*agents)
