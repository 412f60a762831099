"""The controls of joint doubts, for every belief that has them and every slate builder: as unsure, of other things."""

import numpy as np
import pytest

from serendip.agents.beliefs import BELIEFS
from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.cards import CHOICE_MODEL
from serendip.agents.registry import make
from serendip.agents.slates.choices import DoubtSettings, deviations, drawn_weights
from serendip.agents.strategies import STRATEGIES
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS, SLATE, KEY = 30, 20, 3, 9
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))
BUILDERS = [name for name in STRATEGIES if CHOICE_MODEL in STRATEGIES.card(name).needs]
JOINT = [name for name in BELIEFS if CHOICE_MODEL in BELIEFS.card(name).gives]
DOUBTS = ("own", "topics", "users", "like-users", "noise")


def visits_on(day):
    return Visits(np.arange(N_USERS) * 7, day, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, dtype=bool))


def lived(belief, strategy, **settings):
    """An agent of that belief that learned from random slates, of some users more than of others."""
    small = {f"belief.{name}": value for name, value in BELIEFS.card(belief).small.items()}
    agent = make(strategy, ITEMS, SLATE, 1, belief=belief, epsilon=0.1, **small, **settings)
    other = make("uniform", ITEMS, SLATE, 2)
    for day in range(4):
        visits = visits_on(day).rows(slice(0, N_USERS - 7 * day))
        slates = other.act(visits, KEY)
        liked = (slates.items + visits.user_ids[:, None]) % 5 == 0
        luck = randomness.uniform(3, visits.user_ids[:, None], day, slates.items)
        agent.observe(visits, slates, Feedback(luck < np.where(liked, 0.8, 0.2)))
    agent.update()
    return agent


@pytest.fixture(scope="module", params=JOINT)
def asked(request):
    agent = lived(request.param, "hedged")
    visits = visits_on(5)
    situation = Situation(visits, agent.history, ITEMS)
    return agent.belief.posterior(situation), Ranker(situation, SLATE, 1), Luck(5, visits)


def test_doubts_of_other_topics_are_the_same_set_of_doubts(asked):
    choices, _, luck = asked
    own, moved = (deviations(choices, doubts, 16, luck) for doubts in ("own", "topics"))
    np.testing.assert_array_equal(np.sort(own, axis=2), np.sort(moved, axis=2))
    assert (own != moved).any(axis=(1, 2)).mean() > 0.8


@pytest.mark.parametrize("doubts", ["users", "like-users"])
def test_doubts_of_other_users_are_the_same_doubts_of_other_people(asked, doubts):
    """The draws of whoever a visitor is given are those that this one would have at home, to the last bit."""
    choices, _, luck = asked
    moved = deviations(choices, doubts, 4, luck)
    strangers = choices.strangers(luck, alike=doubts == "like-users")
    assert (strangers.rows != choices.rows).all()
    drawn = np.exp(strangers.hypotheses(range(4), luck).astype(np.float64))
    np.testing.assert_array_equal(moved, drawn - np.exp(strangers.level().astype(np.float64))[:, None, :])
    if doubts == "users":  # anybody is given to anybody: the spread over all is that of the population
        rows = np.concatenate([choices.strangers(luck.of(k), alike=False).rows for k in range(40)])
        counts = np.bincount(rows, minlength=N_USERS)
        expected = len(rows) / N_USERS
        assert ((counts - expected) ** 2 / expected).sum() < 65.2  # chi-square(29), once in 10,000


def test_noise_has_the_same_spread_for_all_visits_and_groups(asked):
    choices, ranker, luck = asked
    logs = np.log(drawn_weights(choices, DoubtSettings(width=0.4, doubts="noise"), ranker, 400, luck))
    np.testing.assert_allclose(logs.std(axis=1), 0.4, atol=5 * 0.4 / np.sqrt(800))


def test_lookahead_resolves_as_much_doubt(asked):
    choices, _, luck = asked
    chance, _ = choices.prospects()
    own = chance * (1.0 - chance)
    for doubts in ("topics", "noise", "users"):
        lookahead = make("lookahead", ITEMS, SLATE, 1, doubts=doubts).strategy
        moved, _ = lookahead._prospects(choices, luck)
        spread = moved * (1.0 - moved)
        if doubts == "topics":
            np.testing.assert_array_equal(np.sort(spread, axis=1), np.sort(own, axis=1))
        elif doubts == "noise":
            np.testing.assert_allclose(spread, np.broadcast_to(own.mean(axis=1, keepdims=True), own.shape))
        else:
            np.testing.assert_array_equal(moved, choices.strangers(luck, alike=False).prospects()[0])


@pytest.mark.parametrize("doubts", DOUBTS)
@pytest.mark.parametrize("strategy", BUILDERS)
@pytest.mark.parametrize("belief", JOINT)
def test_every_combination_by_name_says_what_it_plays(belief, strategy, doubts):
    agent = lived(belief, strategy, doubts=doubts)
    visits = visits_on(6)
    slates = agent.act(visits, KEY)
    np.testing.assert_array_equal(agent.propensities(visits, slates, KEY), slates.propensities)
    for row in (0, 17):
        alone = agent.act(visits.rows([row]), KEY)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])
