"""Slate builders against slow ones, controls against what they claim to keep, and exact propensities."""

import itertools

import numpy as np
import pytest

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.choice.population import People
from serendip.agents.history import History
from serendip.agents.registry import make
from serendip.agents.slates.choices import DoubtSettings, deviations, drawn_weights, shelves, widths
from serendip.agents.slates.filling import Shelves, best_first, fill_ahead, fill_hedged, fill_top
from serendip.agents.slates.growth import Growth, GrowthSettings
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_ITEMS, N_TOPICS, N_USERS, LENGTH, KEY = 18, 6, 40, 3, 5
ITEMS = Items((np.arange(N_ITEMS) % N_TOPICS).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))
LOOKS, OUTSIDE = np.array([1.0, 0.8, 0.6]), 2.7


def visits_on(day, available=None):
    there = np.ones(N_ITEMS, dtype=bool) if available is None else available
    return Visits(np.arange(N_USERS) * 3, day, np.zeros(N_USERS, np.int32), there)


def lived(strategy="hedged", days=5, **settings):
    agent = make(strategy, ITEMS, LENGTH, 1, belief="choice-mixture", **settings)
    agent.belief.people = People(
        np.array([0.6, 0.4]),
        np.array([[0.7] * 3 + [0.1] * 3, [0.1] * 3 + [0.7] * 3]),
        np.array([-2.0, 1.0]),
        np.array([0.5, 0.5]),
    )
    rng = np.random.default_rng(0)
    for day in range(days):
        visits = visits_on(day)
        part = visits.rows(rng.random(N_USERS) < np.linspace(0.1, 1.0, N_USERS))
        items = np.stack([rng.permutation(N_ITEMS)[:LENGTH] for _ in range(len(part))])
        clicked = (rng.random(items.shape) < 0.4) & (ITEMS.topic[items] < 3)
        clicked &= np.cumsum(clicked, axis=1) == 1
        agent.observe(part, Slates(items, np.ones(items.shape), None, np.zeros(len(items), bool)), Feedback(clicked))
    return agent


@pytest.fixture(scope="module")
def posterior():
    agent = lived(personas=2)
    agent.belief.read(agent.history)
    agent.belief.others = agent.belief.tastes.copy()  # as if it had learned from them, item qualities aside
    visits = visits_on(5)
    situation = Situation(visits, agent.history, ITEMS)
    return agent.belief.posterior(situation), Ranker(situation, LENGTH, 9), Luck(KEY, visits)


def rows_of_shelves(rng):
    """Return weights (B, S, G), items by topic in one order and e^q of a small shop."""
    weights = np.exp(rng.normal(0, 1.5, (4, 5, N_TOPICS)))
    pull = np.exp(rng.normal(0, 0.7, N_ITEMS))
    order = np.lexsort((-pull, ITEMS.topic))
    return weights, a_shelf(order, pull, 4), pull[None]


def a_shelf(order, pull, n, there=None):
    """Return one order of the items for `n` slates."""
    starts = np.searchsorted(ITEMS.topic[order], np.arange(N_TOPICS + 1))
    there = np.zeros((0, N_ITEMS), bool) if there is None else there
    return Shelves(order[None], starts, pull[None], np.zeros(n, np.int64), np.arange(n), there)


def test_hedged_slots_add_most_to_the_mean_chance_of_a_click():
    weights, shelf, pull = rows_of_shelves(np.random.default_rng(1))
    out = np.empty((4, LENGTH), dtype=np.int64)
    fill_hedged(weights, np.ones((4, N_TOPICS)), shelf, LOOKS, OUTSIDE, out)

    def chance(b, slate):
        total = sum(weights[b][:, ITEMS.topic[i]] * pull[0, i] * LOOKS[j] for j, i in enumerate(slate))
        return (total / (OUTSIDE + total)).mean()

    for b in range(4):
        for slot in range(LENGTH):
            before = out[b, :slot].tolist()
            others = [i for i in range(N_ITEMS) if i not in before]
            best = max(others, key=lambda i: chance(b, [*before, i]))
            assert out[b, slot] == best


def test_what_a_visitor_must_not_be_shown_is_passed_over():
    """Each filler does what it does in a shop that never had those items."""
    weights, shelf, pull = rows_of_shelves(np.random.default_rng(6))
    rng = np.random.default_rng(7)
    there = rng.random((4, N_ITEMS)) < 0.6
    mean, liked, chance = weights[:, 0], weights[:, 1], rng.uniform(0.05, 0.9, weights[:, 0].shape)
    horizon = np.full(4, 20.0)

    def fill(shelf, rows):
        out = np.empty((3, len(rows), LENGTH), dtype=np.int64)
        fill_hedged(weights[rows], np.ones((len(rows), N_TOPICS)), shelf, LOOKS, OUTSIDE, out[0])
        fill_top(mean[rows], shelf, out[1])
        fill_ahead(mean[rows], liked[rows], chance[rows], horizon[rows], shelf, LOOKS, OUTSIDE, out[2])
        return out

    order = shelf.items[0]
    got = fill(a_shelf(order, pull[0], 4, there), np.arange(4))
    for b in range(4):
        np.testing.assert_array_equal(got[:, [b]], fill(a_shelf(order[there[b, order]], pull[0], 1), [b]))
    assert (got != fill(shelf, np.arange(4))).any(axis=(1, 2)).all()


def test_with_one_hypothesis_hedging_is_greed():
    weights, shelf, pull = rows_of_shelves(np.random.default_rng(2))
    hedged, top = np.empty((2, 4, LENGTH), dtype=np.int64)
    fill_hedged(
        weights[:, :1],
        np.ones((4, N_TOPICS)),
        shelf,
        LOOKS,
        OUTSIDE,
        hedged,
    )
    fill_top(weights[:, 0], shelf, top)
    np.testing.assert_array_equal(hedged, top)
    best = np.argsort(-(weights[:, 0][:, ITEMS.topic] * pull[0]), axis=1)[:, :LENGTH]
    np.testing.assert_array_equal(top, best)


def test_hedged_slates_spread_over_what_excludes_each_other():
    """Two hypotheses, each with topics of its own: greed on the mean stakes all on the likelier, hedging on both."""
    one, other = [8.0] * 3 + [0.01] * 3, [0.01] * 3 + [8.0] * 3
    weights = np.array([[one, one, one, other, other]])
    _, shelf, _ = rows_of_shelves(np.random.default_rng(3))
    shelf = a_shelf(shelf.items[0], np.ones(N_ITEMS), 1)
    out, top = np.empty((2, 1, LENGTH), dtype=np.int64)
    fill_hedged(weights, np.ones((1, N_TOPICS)), shelf, LOOKS, OUTSIDE, out)
    fill_top(weights.mean(axis=1), shelf, top)
    assert len({bool(t < 3) for t in ITEMS.topic[out[0]].tolist()}) == 2
    assert (ITEMS.topic[top] < 3).all()


def test_the_lookahead_is_the_formula():
    weights, shelf, pull = rows_of_shelves(np.random.default_rng(4))
    mean, liked = weights[:, 0], weights[:, 0] + weights[:, 1]
    chance = np.random.default_rng(5).uniform(0.05, 0.9, mean.shape)
    out = np.empty((4, LENGTH), dtype=np.int64)
    horizon = np.array([0.0, 3.0, 30.0, 300.0])
    fill_ahead(mean, liked, chance, horizon, shelf, LOOKS, OUTSIDE, out)
    for b in range(4):
        w = mean[b][ITEMS.topic] * pull[0]
        best = np.argsort(-w)[:LENGTH]
        sigma, last = (w[best] * LOOKS).sum(), w[best[-1]]
        w1, p = liked[b][ITEMS.topic] * pull[0], chance[b][ITEMS.topic]
        more = LOOKS[1] * np.maximum(w1 - last, 0.0)
        value = lambda s: s / (OUTSIDE + s)  # noqa: E731
        slope = OUTSIDE / (OUTSIDE + sigma) ** 2
        gain = (value(sigma + more) - value(sigma)) / slope
        score = w + horizon[b] * p * (1 - p) * LOOKS[1] * w1 / (OUTSIDE + sigma) * gain
        assert out[b].tolist() == _top_by_group(score, pull[0])


def _top_by_group(score, pull):
    """The best, one after the other, of the first that is left of each topic."""
    left = [sorted(np.flatnonzero(ITEMS.topic == k), key=lambda i: -pull[i]) for k in range(N_TOPICS)]
    chosen = []
    for _ in range(LENGTH):
        heads = [group[0] for group in left]
        best = max(heads, key=lambda i: score[i])
        chosen.append(int(best))
        left[ITEMS.topic[best]].pop(0)
    return chosen


def test_doubts_of_other_topics_are_the_same_doubts(posterior):
    choices, _, luck = posterior
    own, moved = (deviations(choices, doubts, 6, luck) for doubts in ("own", "topics"))
    np.testing.assert_array_equal(np.sort(own, axis=2), np.sort(moved, axis=2))  # of each visit and draw
    np.testing.assert_array_equal(np.sort(own.std(axis=1), axis=1), np.sort(moved.std(axis=1), axis=1))
    assert (own != moved).any(axis=(1, 2)).mean() > 0.9  # yet elsewhere


def test_doubts_of_other_users_are_somebody_elses(posterior):
    choices, _, luck = posterior
    n_slates = choices.tastes.seen.sum(axis=1)
    anyone, alike = (choices.strangers(luck, alike=alike) for alike in (False, True))
    for strangers in (anyone, alike):
        assert (strangers.rows != choices.rows).all()
        drawn = deviations(choices, "users" if strangers is anyone else "like-users", 4, luck)
        level = np.exp(strangers.level().astype(np.float64))
        np.testing.assert_allclose(
            drawn, np.exp(strangers.hypotheses(range(4), luck).astype(np.float64)) - level[:, None, :]
        )
    gap = np.abs(n_slates[alike.rows] - n_slates[choices.rows])
    assert gap.mean() < 0.3 * np.abs(n_slates[anyone.rows] - n_slates[choices.rows]).mean()


def test_noise_is_the_same_for_all(posterior):
    choices, ranker, luck = posterior
    weights = drawn_weights(choices, DoubtSettings(width=0.3, doubts="noise"), ranker, 400, luck)
    spread = np.log(weights).std(axis=1)  # (B, G)
    np.testing.assert_allclose(spread, 0.3, atol=5 * 0.3 / np.sqrt(800))
    mean = np.exp(choices.level()) * choices.appetite
    np.testing.assert_allclose(weights.mean(axis=1) / mean, 1.0, atol=5 * 0.32 / np.sqrt(400))


def test_width_one_is_the_belief_and_width_none_its_mean(posterior):
    choices, ranker, luck = posterior
    mean = np.exp(choices.level().astype(np.float64)) * choices.appetite
    none = drawn_weights(choices, DoubtSettings(width=0.0), ranker, 2, luck)
    np.testing.assert_allclose(none, np.broadcast_to(mean[:, None], none.shape))
    one = drawn_weights(choices, DoubtSettings(), ranker, 3, luck)
    drawn = np.exp(choices.hypotheses(range(3), luck).astype(np.float64)) * choices.appetite[:, None]
    np.testing.assert_allclose(one, drawn, rtol=1e-5)


def test_width_goes_with_activity_either_way(posterior):
    _, ranker, _ = posterior
    n = ranker.situation.n_visits
    assert len(np.unique(n)) > 2
    for tilt, sign in ((0.5, -1), (-0.5, 1)):
        width = widths(DoubtSettings(width=2.0, tilt=tilt), ranker)
        np.testing.assert_allclose(width, 2.0 * (1.0 + n) ** -tilt)
        assert np.sign(np.corrcoef(width, n)[0, 1]) == sign


def test_the_best_of_each_topic_comes_first(posterior):
    choices, ranker, luck = posterior
    shelf = shelves(choices, ranker, 0.0, luck)
    (items,) = shelf.items
    assert sorted(items.tolist()) == list(range(N_ITEMS))
    for k, (first, end) in enumerate(itertools.pairwise(shelf.starts)):
        assert (ITEMS.topic[items[first:end]] == k).all()
        assert (np.diff(choices.quality[items[first:end]]) <= 0).all()


def test_items_of_a_topic_take_turns_as_far_as_their_quality_is_unknown(posterior):
    """Drawn qualities have the mean and spread that are believed, over days; a day's are the same for all of a part."""
    choices, ranker, luck = posterior
    drawn = []
    for day in range(60):
        later = Luck(luck.key, Visits(luck.visits.user_ids, day, luck.visits.visit, luck.visits.available))
        at = Ranker(Situation(later.visits, ranker.situation.history, ITEMS), LENGTH, 9)
        shelf = shelves(choices, at, 1.0, later)
        drawn.append(np.log(shelf.pull))
        assert len(set(shelf.order.tolist())) > 4
    flat = np.concatenate(drawn)  # (days * parts, M)
    doubt = choices.quality_doubt
    np.testing.assert_allclose(flat.mean(axis=0), choices.quality, atol=5 * doubt.max() / np.sqrt(len(flat)))
    np.testing.assert_allclose(flat.std(axis=0) / doubt, 1.0, atol=5 / np.sqrt(2 * len(flat)))


def test_combinations_by_name():
    agent = make("hedged", ITEMS, LENGTH, 1, belief="choice-mixture", draws=8, width=1.5)
    assert agent.strategy.settings.width == 1.5
    for doubts in ("own", "topics", "users", "like-users", "noise"):
        for strategy in ("hedged", "lookahead", "lower-bound", "joint-thompson", "information-directed"):
            assert make(strategy, ITEMS, LENGTH, 1, doubts=doubts).strategy.settings.doubts == doubts
    with pytest.raises(SettingsError, match="needs a belief that gives a choice model, which 'point' does not"):
        make("hedged", ITEMS, LENGTH, 1, belief="point")
    with pytest.raises(SettingsError, match="doubts"):
        make("hedged", ITEMS, LENGTH, 1, doubts="mine")


@pytest.mark.parametrize(
    ("strategy", "settings"),
    [("hedged", {"sets": 4}), ("lookahead", {}), ("joint-thompson", {}), ("information-directed", {"draws": 6})],
)
def test_weights_are_unbiased(strategy, settings):
    """The value of any target by importance weights, enumerated over all that can be played: off by less than 1%."""
    agent = lived(strategy, epsilon=0.1, personas=2, **settings)
    agent.update()
    visits = visits_on(6)
    mixture = agent.mixture(visits, KEY)
    rng = np.random.default_rng(7)
    target, reward = rng.dirichlet(np.ones(N_ITEMS), LENGTH), rng.random((LENGTH, N_ITEMS))
    total = np.zeros(N_USERS)
    for slot in range(LENGTH):
        for item in range(N_ITEMS):
            shown = np.full((N_USERS, LENGTH), item)
            logged = mixture.at_position(shown)[:, slot]
            total += logged * (target[slot, item] / logged) * reward[slot, item]
            # the probability with which `play` shows it, from the candidates themselves
            there = mixture.candidates[:, :, slot] == item
            share = there.mean(axis=1) if mixture.weights is None else (mixture.weights * there).sum(axis=1)
            np.testing.assert_allclose(logged, 0.9 * share + 0.1 / N_ITEMS)
    np.testing.assert_allclose(total, (target * reward).sum(), rtol=0.01)


def test_a_memory_of_nothing_is_asked_too():
    agent = make("hedged", ITEMS, LENGTH, 1)
    slates = agent.act(visits_on(0), KEY)
    assert slates.items.shape == (N_USERS, LENGTH)
    assert History(N_ITEMS).n_users == 0


def test_growth_counts_what_a_click_brings_later(posterior):
    """The value of a click by the formula, in plain loops: more for what is new, for who comes often, for pleasure."""
    choices, ranker, _ = posterior
    settings = GrowthSettings(patience=0.7)
    value = Growth(settings).value(choices, ranker)
    chance, liked = choices.prospects()
    mean = np.exp(choices.level().astype(np.float64))
    known = choices.familiarity
    assert (known > 0).any()
    for b in range(0, N_USERS, 7):
        for k in range(N_TOPICS):
            q = choices.quality[ITEMS.topic == k].max()
            p, w1, w = chance[b, k], liked[b, k], mean[b, k]
            w0 = (w - p * w1) / (1 - p)
            share = p * w1 / w
            g = share * np.tanh((np.log(w1) + q) / 2) + (1 - share) * np.tanh((np.log(w0) + q) / 2)
            breadth, step = known[b].sum(), 0.35 * (1 - known[b, k]) * max(g, 0.0)
            d = 2.6 * (np.exp(-breadth / 2) - np.exp(-(breadth + step) / 2)) * 60 * choices.rate[b] * 3.0 * 0.8
            s = 2.5 * (g + 0.15) * 0.8
            assert value[b, k] == pytest.approx(max(1 + 0.7 * (d + s), 1e-3), rel=1e-5)
    assert (Growth(GrowthSettings(patience=0.0)).value(choices, ranker) == 1.0).all()


def test_familiarity_and_rate_are_those_of_the_users_own_visits():
    agent = make("growth", ITEMS, LENGTH, 1)
    for day, clicked in ((0, [True, False, False]), (1, [True, False, False]), (11, [False, False, False])):
        visits = Visits(np.array([5]), day, np.zeros(1, np.int32), np.ones(N_ITEMS, dtype=bool))
        slates = Slates(np.array([[0, 1, 2]]), np.ones((1, 3)), None, np.array([False]))
        agent.observe(visits, slates, Feedback(np.array([clicked])))
    visits = Visits(np.array([5]), 11, np.ones(1, np.int32), np.ones(N_ITEMS, dtype=bool))
    found = agent.belief.posterior(Situation(visits, agent.history, ITEMS))
    once = 0.2 * np.exp(-1 / 60)
    twice = once + 0.2 * (1 - once)
    np.testing.assert_allclose(found.familiarity[0], [twice * np.exp(-10 / 60), 0, 0, 0, 0, 0], rtol=1e-6)
    step = 1 - np.exp(-1 / 14)
    rate = (0.125 + 0.0) * np.exp(-1 / 14) + step
    assert found.rate[0] == pytest.approx(rate * np.exp(-10 / 14) + step)


@pytest.mark.parametrize(("n_items", "n_groups"), [(60, 64), (300, 20), (300, 2)])
def test_shelves_stand_by_group_the_best_first_and_equals_as_they_came(n_items: int, n_groups: int) -> None:
    rng = np.random.default_rng(0)
    groups = np.sort(rng.integers(n_groups, size=n_items))
    quality = rng.integers(5, size=(3, n_items)).astype(float)  # many equals
    found = np.empty((3, n_items), dtype=np.int64)
    best_first(quality, np.searchsorted(groups, np.arange(n_groups + 1)), found)
    for row, order in zip(quality, found, strict=True):
        assert order.tolist() == sorted(range(n_items), key=lambda i: (groups[i], -row[i], i))
