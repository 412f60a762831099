"""Members that are EASEs are scored side by side: to the last bit what each says by itself."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.agents.beliefs.belief import Luck, Situation, Stacked
from serendip.agents.registry import make
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS = 61, 40
ITEMS = Items((np.arange(N_ITEMS) % 4).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("members", [3, 10])
def test_draws_are_those_of_each_member(precision: str, members: int) -> None:
    agent = make("thompson", ITEMS, 3, 1, belief="ensemble", model="ease", precision=precision, members=members)
    other = make("uniform", ITEMS, 3, 2)
    for day in range(12):
        here = np.arange(0, N_USERS, 1 + day % 3) * 5
        visits = Visits(here, day, np.zeros(len(here), np.int32), np.ones(N_ITEMS, dtype=bool))
        slates = other.act(visits, 4)
        agent.observe(visits, slates, Feedback((slates.items + visits.user_ids[:, None]) % 4 == 0))
    agent.update()
    users = np.append(np.arange(N_USERS) * 5, [-3, 7])  # two of whom nothing is known
    visits = Visits(users, 20, np.zeros(len(users), np.int32), np.ones(N_ITEMS, dtype=bool))
    posterior, luck = agent.belief.posterior(Situation(visits, agent.history, ITEMS)), Luck(1, visits)
    assert isinstance(posterior, Stacked)
    together = np.concatenate(list(posterior.draws(range(members), luck)))
    assert together.shape == (len(users), members, N_ITEMS)
    each = np.stack([posterior.draw(member, luck) for member in range(members)], axis=1)
    np.testing.assert_array_equal(together, each)
    assert (together[-2:] == 0.0).all()
    some = np.concatenate(list(posterior.draws(range(1, members), luck)))
    np.testing.assert_array_equal(some, each[:, 1:])


def test_other_members_and_weights_have_their_own_way() -> None:
    for settings in ({"model": "popularity"}, {"model": "ease", "weights": "exponential"}):
        agent = make("thompson", ITEMS, 3, 1, belief="ensemble", **settings)
        visits = Visits(np.arange(5), 0, np.zeros(5, np.int32), np.ones(N_ITEMS, dtype=bool))
        assert not isinstance(agent.belief.posterior(Situation(visits, agent.history, ITEMS)), Stacked)
