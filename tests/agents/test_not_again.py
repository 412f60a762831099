"""What a user bought or saw too often is not shown again, and every propensity knows it."""

import numpy as np
import pytest

from serendip.agents.history import History
from serendip.agents.registry import load, make
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS, SLATE, KEY = 12, 24, 3, 9
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))


def visits_on(day, visit=0):
    return Visits(np.arange(N_USERS) * 7, day, np.full(N_USERS, visit, np.int32), np.ones(N_ITEMS, dtype=bool))


def lived(agent, days):
    """Let the agent serve two slates a day, each with at most one click, and return what was shown and clicked."""
    log = []
    for day in range(days):
        for visit in range(2):
            visits = visits_on(day, visit)
            slates = agent.act(visits, KEY)
            clicked = np.zeros(slates.items.shape, dtype=bool)
            clicked[:, 0] = (slates.items[:, 0] + visits.user_ids) % 3 == 0
            np.testing.assert_array_equal(agent.propensities(visits, slates, KEY), slates.propensities)
            log.append((visits, slates, clicked))
            agent.observe(visits, slates, Feedback(clicked))
        agent.update()
    return log


@pytest.mark.parametrize("strategy", ["greedy", "hedged", "thompson", "uniform"])
def test_what_was_clicked_or_shown_often_does_not_come_again(strategy):
    hypothesis = "visit" if strategy == "thompson" else "slate"
    agent = make(strategy, ITEMS, SLATE, 1, epsilon=0.3, clicked_again=False, most_showings=2, hypothesis=hypothesis)
    shown, bought = np.zeros((2, N_USERS, N_ITEMS), dtype=int)
    rows = np.arange(N_USERS)[:, None]
    for _, slates, clicked in lived(agent, 4):
        assert not bought[rows, slates.items].any()
        assert (shown[rows, slates.items] < 2).all()
        shown[rows, slates.items] += 1
        bought[rows, slates.items] |= clicked


def test_a_random_slate_is_of_what_is_left(tmp_path):
    agent = make("uniform", ITEMS, SLATE, 1, most_showings=1)
    for n, (_, slates, _) in enumerate(lived(agent, 3)):
        np.testing.assert_allclose(slates.propensities, 1.0 / (N_ITEMS - SLATE * n))
        left = N_ITEMS - SLATE * n - np.arange(SLATE)
        np.testing.assert_allclose(slates.slate_propensities, 1.0 / left.prod())
    agent.save(tmp_path)
    assert load(tmp_path).settings == agent.settings


def test_who_has_seen_all_may_see_it_again():
    agent = make("uniform", ITEMS, SLATE, 1, most_showings=1)
    log = lived(agent, 6)
    for _, slates, _ in log[-4:]:  # eight slates are all there is
        np.testing.assert_allclose(slates.propensities, 1.0 / N_ITEMS)


def test_the_log_alone_tells_what_must_not_come_again():
    """An agent that learned the same and remembers the log anew gives each slate the propensity that it had."""
    agent = make("popularity", ITEMS, SLATE, 1, epsilon=0.2, clicked_again=False)
    lived(agent, 4)
    agent.forget()
    log = []
    for day in range(4, 8):
        visits = visits_on(day)
        slates = agent.act(visits, KEY)
        clicked = slates.items % 2 == 0
        log.append((visits, slates, clicked))
        agent.observe(visits, slates, Feedback(clicked))
    agent.forget(History(N_ITEMS))
    for visits, slates, clicked in log:
        np.testing.assert_array_equal(agent.propensities(visits, slates, KEY), slates.propensities)
        agent.observe(visits, slates, Feedback(clicked))
