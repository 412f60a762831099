"""Hypotheses that are decoded side by side are those that are decoded one by one."""

import numpy as np
import pytest

from serendip.agents.beliefs import BELIEFS
from serendip.agents.beliefs.belief import Luck, Situation, Stacked
from serendip.agents.models import MODELS
from serendip.agents.registry import make
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS = 30, 20
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))


@pytest.mark.parametrize("belief", ["latent", "dropout"])
def test_side_by_side(belief):
    model = BELIEFS.card(belief).model
    assert model is not None
    agent = make(
        "thompson", ITEMS, 3, 1, belief=belief, **{f"model.{k}": v for k, v in MODELS.card(model).small.items()}
    )
    visits = Visits(np.arange(N_USERS), 0, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, dtype=bool))
    slates = make("uniform", ITEMS, 3, 2).act(visits, 5)
    agent.observe(visits, slates, Feedback((slates.items + visits.user_ids[:, None]) % 5 == 0))
    agent.update()
    posterior = agent.belief.posterior(Situation(visits, agent.history, ITEMS))
    luck = Luck(7, visits)
    assert isinstance(posterior, Stacked)
    together = np.concatenate(list(posterior.draws(range(3, 19), luck)))  # (B, 16, M), two visits at a time
    assert together.shape == (N_USERS, 16, N_ITEMS)
    for s, index in enumerate(range(3, 19)):
        np.testing.assert_array_equal(together[:, s], posterior.draw(index, luck))
