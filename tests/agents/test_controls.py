"""A control is the control that it is said to be, and each width, temperature and weight matters as it says.

Each of these fails when the control, or what it is a control of, is broken by hand: deviations left where they are, a
temperature that is ignored, members that share their weights, or that fold in clicks without them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from serendip.agents.beliefs import BELIEFS
from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.history import History
from serendip.agents.models import MODELS
from serendip.agents.registry import make
from serendip.agents.strategies import STRATEGIES
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, N_ITEMS, SLATE, KEY = 24, 20, 3, 9
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.where(np.arange(N_ITEMS) == 4, 9, 0).astype(np.int32))


def visits_on(day: int) -> Visits:
    return Visits(np.arange(N_USERS) * 7, day, np.zeros(N_USERS, np.int32), ITEMS.available(day))


def believer(belief: str, **settings: Any) -> Any:
    """An agent of that belief that has learned from slates that another one chose."""
    model = BELIEFS.card(belief).model
    small = {} if model is None else {f"model.{name}": value for name, value in MODELS.card(model).small.items()}
    small |= {"model.epochs": 4} if "model.epochs" in small else {}
    of_belief = {f"belief.{name}": value for name, value in BELIEFS.card(belief).small.items()}
    agent = make("thompson", ITEMS, SLATE, 1, belief=belief, **(small | of_belief | settings))
    other = make("uniform", ITEMS, SLATE, 2)
    for day in range(4):
        visits = visits_on(day)
        slates = other.act(visits, KEY)
        liked = (slates.items + visits.user_ids[:, None]) % 5 == 0
        luck = randomness.uniform(3, visits.user_ids[:, None], day, slates.items)
        agent.observe(visits, slates, Feedback(luck < np.where(liked, 0.8, 0.2)))
    agent.update()
    return agent


def asked(agent: Any) -> tuple[Any, Luck]:
    """What the agent believes on a later day, and the luck of its visits."""
    visits = visits_on(5)
    return agent.belief.posterior(Situation(visits, agent.history, ITEMS)), Luck(5, visits)


# ---- the shuffled control


class _Watched:
    """Notes the posterior that a strategy asks, in place of ranking it."""

    def __init__(self, strategy: str) -> None:
        card = STRATEGIES.card(strategy)
        self.strategy = card.make(card.settings)

    def seen(self, posterior: Any, n_visits: int, available: Any) -> tuple[list[Any], Any]:
        """Return the scores (B, M) of each hypothesis that the strategy ranked, and its candidates."""
        visits = Visits(np.arange(n_visits), 3, np.zeros(n_visits, np.int32), available)
        ranked = list[Any]()

        class Noting(Ranker):
            def top(self, scores: Any) -> Any:
                ranked.append(scores)
                return super().top(scores)

        ranker = Noting(Situation(visits, History(len(available)), ITEMS), SLATE, 1)
        return ranked, self.strategy.candidates(posterior, ranker, Luck(8, visits))[0]


def deviations(posterior: Any, strategy: str, available: Any) -> Any:
    """(S, B, M) what each hypothesis that the strategy ranks adds to the mean."""
    ranked, _ = _Watched(strategy).seen(posterior, len(posterior.location), available)
    return np.stack([scores - posterior.location for scores in ranked])


def doubtful(n_visits: int = 6, n_items: int = 40) -> GaussianPosterior:
    """Means that all differ, and doubts that all differ, the same for every visit."""
    location = np.tile(np.linspace(0.0, 1.0, n_items, dtype=np.float32), (n_visits, 1))
    return GaussianPosterior(location, np.tile(np.geomspace(1e-3, 1e3, n_items, dtype=np.float32), (n_visits, 1)))


def test_shuffled_has_the_same_deviations_at_other_items():
    available = np.arange(40) % 7 != 3
    true, moved = (deviations(doubtful(), name, available)[:, :, available] for name in ("thompson", "shuffled"))
    np.testing.assert_allclose(np.sort(moved, axis=2), np.sort(true, axis=2), atol=2e-4)
    at_home = np.abs(moved - true) <= 1e-3 * np.abs(true) + 2e-4
    assert at_home[:, :, -10:].mean() < 0.2  # of the ten with the largest doubts hardly any stayed


def test_shuffled_moves_each_visit_in_its_own_way_and_all_hypotheses_of_a_visit_alike():
    posterior = doubtful()
    posterior.deviation[:, :-1] = 1e-3  # of one item alone there is doubt
    moved = np.abs(deviations(posterior, "shuffled", np.ones(40, dtype=bool)))
    where = moved.argmax(axis=2)  # (S, B) the item that was given the doubt
    assert (where == where[0]).all()
    assert len(set(where[0].tolist())) >= 4


def test_shuffled_leaves_the_belief_as_it_is_and_the_expected_scores_where_they_are():
    posterior, there = doubtful(), np.ones(40, dtype=bool)
    visits = Visits(np.arange(6), 3, np.zeros(6, np.int32), there)
    luck, asked_of = Luck(1, visits), list[Any]()
    before = posterior.mean(luck).copy(), posterior.draw(2, luck).copy()

    class Noting(Ranker):
        def best(self, posterior: Any, indices: range, luck: Luck) -> Any:
            asked_of.append(posterior)
            return super().best(posterior, indices, luck)

    card = STRATEGIES.card("shuffled")
    card.make(card.settings).candidates(posterior, Noting(Situation(visits, History(40), ITEMS), SLATE, 1), luck)
    np.testing.assert_array_equal(asked_of[0].mean(luck), before[0])
    np.testing.assert_array_equal(np.sort(asked_of[0].spread(luck)), np.sort(posterior.spread(luck)))
    assert (asked_of[0].spread(luck) != posterior.spread(luck)).mean() > 0.9
    np.testing.assert_array_equal(posterior.mean(luck), before[0])
    np.testing.assert_array_equal(posterior.draw(2, luck), before[1])


def test_shuffled_without_doubts_is_greed():
    sure = doubtful()
    sure = GaussianPosterior(sure.location, np.zeros_like(sure.deviation))
    _, slates = _Watched("shuffled").seen(sure, 6, np.ones(40, dtype=bool))
    assert (slates == np.array([39, 38, 37])).all()


@pytest.mark.parametrize("belief", ["latent", "laplace-items", "ensemble", "logistic", "gaussian-field"])
def test_the_control_of_an_agent_is_not_the_agent(belief: str):
    """Both have the same belief and the same luck; the slates of one hypothesis in three differ at least."""
    agent = believer(belief, epsilon=0.0)
    control = STRATEGIES.card("shuffled")
    posterior, luck = asked(agent)
    ranker = Ranker(Situation(luck.visits, agent.history, ITEMS), SLATE, 1)
    true, _ = agent.strategy.candidates(posterior, ranker, luck)
    moved, _ = control.make(control.settings).candidates(posterior, ranker, luck)
    assert true.shape == moved.shape
    assert (true != moved).any(axis=2).mean() > 1.0 / 3.0


def test_novelty_knows_nothing_of_doubts():
    wide = doubtful()
    narrow = GaussianPosterior(wide.location, np.zeros_like(wide.deviation))
    slates = [_Watched("novelty").seen(posterior, 6, np.ones(40, dtype=bool))[1] for posterior in (wide, narrow)]
    np.testing.assert_array_equal(*slates)


# ---- doubts that are as wide as the settings say


def spread(belief: str, **settings: Any) -> float:
    """Mean standard deviation of the scores of what can be shown."""
    posterior, luck = asked(believer(belief, **settings))
    return float(posterior.spread(luck)[:, luck.visits.available].mean())


TEMPERATURES = [
    (card.name, option.name)
    for card in map(BELIEFS.card, BELIEFS)
    for option in card.options()
    if option.name.endswith("temperature")
]


def test_temperatures_are_found():
    assert {belief for belief, _ in TEMPERATURES} >= {"latent", "laplace-items", "combined", "gaussian-field"}


@pytest.mark.parametrize(("belief", "setting"), TEMPERATURES)
def test_doubts_grow_with_each_temperature(belief: str, setting: str):
    one, two, four = (spread(belief, **{setting: value}) for value in (1.0, 2.0, 4.0))
    assert one < two < four


@pytest.mark.parametrize("belief", sorted({belief for belief, _ in TEMPERATURES}))
def test_at_temperature_zero_there_is_no_doubt(belief: str):
    """One autoencoder alone where the belief has several, which disagree without any temperature."""
    cold = {setting: 0.0 for name, setting in TEMPERATURES if name == belief}
    posterior, luck = asked(believer(belief, **cold, **({"members": 1} if belief == "combined" else {})))
    mean = posterior.mean(luck)
    for index in range(3):
        np.testing.assert_allclose(posterior.draw(index, luck), mean, atol=2e-5)


@pytest.mark.parametrize("belief", ["ease-posterior", "gaussian-field", "user-factors", "laplace-factors"])
def test_where_it_is_a_factor_the_spread_is_in_proportion(belief: str):
    one, three = (spread(belief, temperature=value) for value in (1.0, 3.0))
    assert three == pytest.approx(3.0 * one, rel=1e-4)


@pytest.mark.parametrize(
    ("belief", "setting", "narrow", "wide"),
    [
        ("dropout", "probability", 0.1, 0.6),
        ("linear", "penalty", 100.0, 1.0),
        ("logistic", "penalty", 100.0, 1.0),
        ("neural-linear", "belief.penalty", 1000.0, 1.0),
        ("linear-ensemble", "prior_scale", 0.1, 1.0),
        ("click-rates", "strength", 1000.0, 1.0),
        ("ensemble", "prior_scale", 0.0, 0.3),
        ("gaussian-field", "noise", 0.1, 10.0),
    ],
)
def test_doubts_move_with_what_is_said_to_make_them(belief: str, setting: str, narrow: float, wide: float):
    assert spread(belief, **{setting: narrow}) < spread(belief, **{setting: wide})


# ---- members that see the events each in its own way


@pytest.mark.parametrize("weights", ["poisson", "exponential"])
def test_members_weight_events_each_in_its_own_way(weights: str):
    """Weights have mean 1 and variance 1; of 20,000, beyond 5 standard errors once in a million."""
    from serendip.agents.beliefs.ensemble import event_weights

    users, items = np.divmod(np.arange(20_000), 100)
    one, other = (event_weights(weights, 3, users, items, member) for member in (0, 1))  # pyright: ignore
    assert abs(one.mean() - 1.0) < 5.0 / np.sqrt(20_000)
    assert abs(one.var() - 1.0) < 5.0 * np.sqrt(8.0 / 20_000)
    assert abs(np.corrcoef(one, other)[0, 1]) < 5.0 / np.sqrt(20_000)
    np.testing.assert_array_equal(one[:50], event_weights(weights, 3, users[:50], items[:50], 0))  # pyright: ignore


def test_members_of_an_ensemble_learn_from_weights_of_their_own():
    belief = believer("ensemble", prior_scale=0.0).belief
    learned = [model.arrays()["weights"] for model in belief.models]
    assert not np.allclose(learned[0], learned[1])


def test_members_of_an_ensemble_fold_in_the_clicks_as_they_weight_them():
    agent = believer("ensemble")
    posterior, luck = asked(agent)
    clicks = Situation(luck.visits, agent.history, ITEMS).clicks
    for member, model in enumerate(agent.belief.models):
        weighted = agent.belief.reweighted(clicks, luck.visits.user_ids, member)
        np.testing.assert_array_equal(posterior.draw(member, luck), model.scores(weighted))
        assert not np.allclose(posterior.draw(member, luck), model.scores(clicks))


def test_members_of_combined_learn_and_fold_in_each_in_its_own_way():
    agent = believer("combined", user_temperature=0.0, item_temperature=0.0)
    posterior, luck = asked(agent)
    one, other = (part.mean(luck) for part in posterior.parts)
    assert not np.allclose(one, other)
    member = agent.belief.members[0]
    plain = member.posterior(Situation(luck.visits, agent.history, ITEMS)).mean(luck)
    assert not np.allclose(one, plain)


def test_members_of_a_linear_ensemble_count_events_each_in_its_own_way():
    agent = believer("linear-ensemble", prior_scale=0.0)
    assert not np.allclose(agent.belief.weights[0], agent.belief.weights[1])


# ---- strategies that explore as much as their settings say


def candidates(strategy: str, posterior: Any, **settings: Any) -> tuple[Any, Any]:
    card = STRATEGIES.card(strategy)
    n_visits = len(posterior.location)
    visits = Visits(np.arange(n_visits), 3, np.zeros(n_visits, np.int32), np.ones(40, dtype=bool))
    ranker = Ranker(Situation(visits, History(40), ITEMS), 1, 1)
    return card.make(type(card.settings)(**settings)).candidates(posterior, ranker, Luck(8, visits))


def test_ucb_of_no_width_is_greed_and_a_wide_one_takes_the_most_uncertain():
    posterior = GaussianPosterior(doubtful().location, doubtful().deviation[:, ::-1])
    assert (candidates("ucb", posterior, width=0.0)[0] == 39).all()
    assert (candidates("ucb", posterior, width=100.0)[0] == 0).all()


@pytest.mark.parametrize(
    ("strategy", "setting", "greedy", "free"),
    [("boltzmann", "temperature", 0.01, 3.0), ("squarecb", "gamma", 1e6, 0.0)],
)
def test_softer_strategies_leave_the_best_more_often(strategy: str, setting: str, greedy: float, free: float):
    share = list[float]()
    for value in (greedy, free):
        slates, weights = candidates(strategy, doubtful(200), **{setting: value})
        best = (slates == 39).any(axis=2)
        share.append(float(best.mean() if weights is None else (best * weights).sum(axis=1).mean()))
    assert share[0] > 0.9
    assert share[1] < 0.2


def test_top_two_of_leaders_alone_is_thompson_and_of_challengers_alone_plays_rivals():
    """Where a slate leads in a share f > 1/2 of the hypotheses, it challenges in at most 1 - f of them."""
    posterior = GaussianPosterior(doubtful(50).location, np.full((50, 40), 0.02, dtype=np.float32))
    thompson, _ = candidates("thompson", posterior)
    slates, leads = candidates("top-two", posterior, leader=1.0)
    np.testing.assert_array_equal(slates, thompson)
    np.testing.assert_allclose(leads, 1.0 / slates.shape[1])
    slates, challenges = candidates("top-two", posterior, leader=0.0)
    np.testing.assert_allclose(challenges.sum(axis=1), 1.0)
    best = (slates == 39).all(axis=2)
    share = best.mean(axis=1)
    often = (share > 0.5) & (share < 1.0)
    assert np.count_nonzero(often) > 10
    assert ((challenges * best).sum(axis=1)[often] <= 1.0 - share[often] + 1e-12).all()
