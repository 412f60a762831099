"""Beliefs about features, each beside a slow dense reference."""

import numpy as np
import pytest
from scipy.optimize import minimize

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.events import bootstrap_counts
from serendip.agents.beliefs.features import SiteFeatures, UserTable
from serendip.agents.beliefs.linear import Linear, LinearSettings
from serendip.agents.beliefs.linear_ensemble import LinearEnsemble, LinearEnsembleSettings
from serendip.agents.beliefs.logistic_regressions import LogisticRegressions
from serendip.agents.beliefs.networks import Networks
from serendip.agents.beliefs.regressions import Regressions
from serendip.agents.beliefs.weights import MemberWeightsPosterior, OwnWeightsPosterior, SharedWeightsPosterior
from serendip.agents.history import History
from serendip.agents.recommender import Recommender, RecommenderSettings
from serendip.agents.registry import load, make
from serendip.agents.strategies.greedy import Greedy, GreedySettings
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_ITEMS, N_USERS = 6, 30
ITEMS = Items(np.array([0, 0, 1, 1, 2, 2], np.int32), np.zeros(N_ITEMS, np.int32))


def visits_on(day, users=None, n_items=N_ITEMS):
    users = np.arange(N_USERS) if users is None else np.asarray(users)
    return Visits(users, day, np.zeros(len(users), np.int32), np.ones(n_items, dtype=bool))


def slates_of(items):
    items = np.asarray(items)
    return Slates(items, np.full(items.shape, 0.2), None, np.zeros(len(items), dtype=bool))


def data(n=200, groups=5, d=4, targets=1):
    rng = np.random.default_rng(0)
    return rng.integers(0, groups, n), rng.standard_normal((n, d)), rng.standard_normal((n, targets))


@pytest.mark.parametrize("step", [1, 7, 200])
def test_regressions_agree_with_normal_equations_however_the_events_come(step):
    rows, x, y = data(targets=2)
    prior = np.random.default_rng(1).standard_normal((5, 2, 4))
    known = Regressions(5, 4, penalty=0.5, prior=prior, noise=2.0, trust=3.0)
    for start in range(0, 200, step):
        part = slice(start, start + step)
        known.learn(rows[part], x[part], y[part])
    for g in range(5):
        here, there = x[rows == g], y[rows == g]
        a = 0.5 * np.eye(4) + here.T @ here
        mean = np.linalg.solve(a, 0.5 * prior[g].T + here.T @ there).T
        np.testing.assert_allclose(known.mean[g], mean, atol=1e-10)
        np.testing.assert_allclose(known.covariance[g], np.linalg.inv(a), atol=1e-12)
        off = there[:, 0] - here @ mean[0]
        shift = mean[0] - prior[g, 0]
        scale = 2.0 * 2.0 + 0.5 * (off @ off + 0.5 * shift @ shift)
        np.testing.assert_allclose(known.noise[g], scale / (3.0 + 0.5 * len(here) - 1.0), rtol=1e-10)


def test_weights_count_events_more_than_once():
    rows, x, y = data()
    times = np.random.default_rng(2).integers(0, 4, 200)
    one, other = (Regressions(5, 4, penalty=1.0, trust=np.inf) for _ in range(2))
    one.learn(rows, x, y, times.astype(np.float64))
    other.learn(np.repeat(rows, times), np.repeat(x, times, axis=0), np.repeat(y, times, axis=0))
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-12)
    np.testing.assert_array_equal(one.noise, np.ones(5))


def test_logistic_regressions_find_the_mode_and_its_curvature():
    rows, x, _ = data(groups=3)
    y = (np.random.default_rng(3).random(200) < 0.3).astype(np.float64)
    known = LogisticRegressions(3, 4, penalty=0.7)
    known.learn(rows, x, y)
    for g in range(3):
        here, there = x[rows == g], y[rows == g]

        def loss(w, here=here, there=there):
            return 0.35 * w @ w + np.logaddexp(0.0, here @ w).sum() - there @ (here @ w)

        mode = minimize(loss, np.zeros(4), tol=1e-12).x
        np.testing.assert_allclose(known.mean[g], mode, atol=1e-5)
        p = 1.0 / (1.0 + np.exp(-here @ known.mean[g]))
        curvature = 0.7 * np.eye(4) + (here * (p * (1 - p))[:, None]).T @ here
        np.testing.assert_allclose(known.covariance[g], np.linalg.inv(curvature), rtol=1e-8)


def test_logistic_regressions_survive_data_that_a_line_divides():
    x = np.linspace(-50.0, 50.0, 40)[:, None]
    known = LogisticRegressions(1, 1, penalty=1e-3)
    for _ in range(3):
        known.learn(np.zeros(40, np.int64), x, (x[:, 0] > 0).astype(np.float64))
    assert np.isfinite(known.mean).all()
    assert known.mean[0, 0] > 0


def test_gradient_of_networks_agrees_with_differences():
    rng = np.random.default_rng(4)
    net = Networks(2, 3, 5, 2, key=1)
    x, arms, y = rng.standard_normal((2, 7, 3)), rng.integers(0, 2, (2, 7)), rng.standard_normal((2, 7))

    def loss():
        out = np.take_along_axis(net.outputs(x), arms[:, :, None], axis=2)[:, :, 0]
        return ((out - y) ** 2).sum() / 2 / 7

    for p, slope in zip(net.parameters, net.gradient(x, arms, y), strict=True):
        for place in [(0, 0, 0), (1, p.shape[1] - 1, p.shape[2] - 1)]:
            p[place] += 1e-6
            above = loss()
            p[place] -= 2e-6
            np.testing.assert_allclose((above - loss()) / 2e-6, slope[place], atol=1e-6)
            p[place] += 1e-6


def test_a_network_learns_what_a_line_cannot():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1, 400, 2))
    y = np.abs(x[:, :, 0])
    net = Networks(1, 2, 16, 1, key=2)
    for _ in range(400):
        net.step(x, np.zeros((1, 400), np.int64), y, 0.02)
    assert ((net.outputs(x)[:, :, 0] - y) ** 2).mean() < 0.1 * y.var()


def test_posteriors_over_weights_by_hand():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((3, 4, 2)).astype(np.float32)
    mean, half = rng.standard_normal((4, 2)), rng.standard_normal((4, 2, 2))
    covariance = half @ half.transpose(0, 2, 1)
    luck = Luck(1, visits_on(0, np.arange(3)))
    own = OwnWeightsPosterior(x, mean, covariance)
    shared = SharedWeightsPosterior(x, mean[0], half[0])
    members = MemberWeightsPosterior(x, rng.standard_normal((5, 4, 2)).astype(np.float32))
    for b in range(3):
        for m in range(4):
            np.testing.assert_allclose(own.location[b, m], x[b, m] @ mean[m], rtol=1e-5)
            np.testing.assert_allclose(own.deviation[b, m], np.sqrt(x[b, m] @ covariance[m] @ x[b, m]), rtol=1e-5)
            np.testing.assert_allclose(shared.mean(luck)[b, m], x[b, m] @ mean[0], rtol=1e-5)
            np.testing.assert_allclose(shared.spread(luck)[b, m], np.sqrt(x[b, m] @ covariance[0] @ x[b, m]), rtol=1e-5)
            scores = members.weights[:, m] @ x[b, m]
            np.testing.assert_allclose(members.mean(luck)[b, m], scores.mean(), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(members.spread(luck)[b, m], scores.std(), rtol=1e-4)


def test_shared_weights_are_drawn_as_one():
    """Scores of 20,000 draws have the moments of w.x; beyond 5 standard errors once in 1.7 million each."""
    half = np.array([[1.0, 0.0], [0.8, 0.6]])
    x = np.array([[[1.0, 0.0], [0.0, 1.0]]], np.float32).repeat(20_000, axis=0)
    drawn = SharedWeightsPosterior(x, np.zeros(2), half).draw(0, Luck(3, visits_on(0, np.arange(20_000))))
    np.testing.assert_allclose(drawn.T @ drawn / 20_000, half @ half.T, atol=5 * np.sqrt(2 / 20_000))


def test_site_features_by_hand():
    history, features = History(N_ITEMS), SiteFeatures(ITEMS)
    history.append(visits_on(0, [3]), slates_of([[0, 2, 4]]), Feedback(np.array([[True, False, False]])))
    history.append(visits_on(1, [3]), slates_of([[0, 1, 2]]), Feedback(np.array([[True, False, False]])))
    features.refresh(history, ITEMS)
    situation = Situation(visits_on(2, [8, 3]), history, ITEMS)
    pairs = features.pairs(situation)
    rate = [3 / 6, 1 / 5, 1 / 6, 1 / 4, 1 / 5, 1 / 4]
    log2, log3 = np.log(2.0), np.log(3.0)
    np.testing.assert_allclose(pairs[0], [[1, 0.25, 0, 0, 0, r, 0, 0] for r in rate], rtol=1e-6)
    user = [1, 2 / 8, np.log(5) / 5]
    expected = [
        [*user, log2, log2, rate[0], log3, 1],
        [*user, log2, log2, rate[1], log2, 0],
        [*user, 0, log2, rate[2], log3, 0],
        [*user, 0, log2, rate[3], 0, 0],
        [*user, 0, log2, rate[4], log2, 0],
        [*user, 0, log2, rate[5], 0, 0],
    ]
    np.testing.assert_allclose(pairs[1], expected, rtol=1e-6)
    np.testing.assert_array_equal(features.shown(situation, np.array([[5, 0], [1, 4]]))[1], pairs[1][[1, 4]])


@pytest.mark.parametrize("of", ["item", "shared"])
def test_an_agent_that_learns_daily_knows_what_one_regression_on_its_log_knows(of):
    rng = np.random.default_rng(7)
    belief = Linear(LinearSettings(of=of, penalty=0.8), ITEMS)
    agent = Recommender(RecommenderSettings("a", "linear", "greedy"), ITEMS, 2, 1, belief, Greedy(GreedySettings()))
    reference, log = SiteFeatures(ITEMS), []
    for day in range(5):
        visits = visits_on(day)
        slates = slates_of(np.argsort(rng.random((N_USERS, N_ITEMS)))[:, :2])
        clicked = rng.random((N_USERS, 2)) < 0.4
        situation = Situation(visits, agent.history, ITEMS)
        pairs = reference.pairs(situation)
        log += [
            (item, pairs[u, item], float(click))
            for u in range(N_USERS)
            for item, click in zip(slates.items[u], clicked[u], strict=True)
        ]
        agent.observe(visits, slates, Feedback(clicked))
        agent.update()
        reference.refresh(agent.history, ITEMS)
    for g in range(N_ITEMS if of == "item" else 1):
        x, y = (np.array([row[k] for row in log if of == "shared" or row[0] == g], np.float64) for k in (1, 2))
        mean = np.linalg.solve(0.8 * np.eye(8) + x.T @ x, x.T @ y)
        np.testing.assert_allclose(belief.regressions.mean[g, 0], mean, atol=1e-9)


def test_members_of_a_linear_ensemble_are_ridge_regressions_on_their_bootstraps():
    belief = LinearEnsemble(LinearEnsembleSettings(members=3, penalty=2.0), ITEMS, seed=5)
    prior = belief.weights.astype(np.float64)
    rng = np.random.default_rng(8)
    history = History(N_ITEMS)
    items = np.argsort(rng.random((N_USERS, N_ITEMS)))[:, :2]
    situation = Situation(visits_on(0), history, ITEMS)
    belief.observe(situation, slates_of(items), Feedback(items % 2 == 0))
    block = belief.events.all()
    belief.update(history, ITEMS)
    for member in range(3):
        times = bootstrap_counts(belief._key, block.ids, member)
        for item in range(N_ITEMS):
            here = block.items == item
            x, y, w = block.x[here].astype(np.float64), block.y[here], times[here]
            a = 2.0 * np.eye(8) + (x * w[:, None]).T @ x
            mean = np.linalg.solve(a, 2.0 * prior[member, item] + (x * w[:, None]).T @ y)
            np.testing.assert_allclose(belief.weights[member, item], mean, atol=1e-5)


def test_a_table_of_users_describes_the_known_and_has_zeros_for_others():
    table = UserTable(np.array([9, 4]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    situation = Situation(visits_on(0, [4, 5, 9]), History(N_ITEMS), ITEMS)
    np.testing.assert_array_equal(table.pairs(situation)[:, 0], [[3, 4], [0, 0], [1, 2]])
    assert table.shown(situation, np.zeros((3, 2), np.int64)).shape == (3, 2, 2)
    with pytest.raises(DataError, match="3 users, 2 of them distinct"):
        UserTable(np.array([1, 1, 2]), np.zeros((3, 1)))


@pytest.mark.parametrize("belief", ["linear", "linear-ensemble", "logistic", "neural-linear"])
@pytest.mark.parametrize("of", ["item", "shared"])
def test_an_agent_with_features_learns_who_likes_what(belief, of):
    """Even users like topic 0, odd ones topic 1; of 60 first slots hardly one is then wrong."""
    if belief == "neural-linear" and of == "shared":
        pytest.skip("has no such setting")
    settings = {} if belief == "neural-linear" else {"of": of}
    agent = make("greedy", ITEMS, 1, 1, belief=belief, **settings)
    for day in range(8):
        visits = visits_on(day)
        items = (visits.user_ids[:, None] * 5 + day * 7) % N_ITEMS
        agent.observe(visits, slates_of(items), Feedback(ITEMS.topic[items] == visits.user_ids[:, None] % 2))
        agent.update()
    visits = visits_on(9)
    shown = ITEMS.topic[agent.act(visits, 1).items[:, 0]]
    assert (shown == visits.user_ids % 2).mean() >= 0.9


@pytest.mark.parametrize(
    ("belief", "setting", "value"),
    [
        ("linear", "penalty", 0.0),
        ("linear-ensemble", "members", 1),
        ("logistic", "penalty", -1.0),
        ("neural-linear", "hidden", 0),
    ],
)
def test_settings_out_of_range_are_errors(belief, setting, value):
    with pytest.raises(SettingsError, match=setting):
        make("greedy", ITEMS, 1, 0, belief=belief, **{setting: value})


@pytest.mark.parametrize("belief", ["linear", "linear-ensemble", "logistic", "neural-linear"])
@pytest.mark.parametrize("of", ["item", "shared"])
@pytest.mark.parametrize("strategy", ["thompson", "ucb"])
def test_saved_between_observing_and_learning_goes_on_bit_for_bit(belief, of, strategy, tmp_path):
    """Events that wait for the next update are saved too; and a batch equals its visits, also with shared weights."""
    if belief == "neural-linear" and of == "shared":
        pytest.skip("has no such setting")
    settings = {} if belief == "neural-linear" else {"of": of}
    agent = make(strategy, ITEMS, 2, 1, belief=belief, epsilon=0.1, **settings)
    for day in range(3):
        visits = visits_on(day)
        slates = agent.act(visits, 5)
        agent.observe(visits, slates, Feedback(ITEMS.topic[slates.items] == visits.user_ids[:, None] % 3))
        if day == 1:
            agent.update()
    agent.save(tmp_path)
    twin = load(tmp_path)
    agent.update()
    twin.update()
    visits = visits_on(4)
    slates, again = agent.act(visits, 5), twin.act(visits, 5)
    np.testing.assert_array_equal(slates.items, again.items)
    np.testing.assert_array_equal(slates.propensities, again.propensities)
    for name, array in agent.belief.arrays().items():
        np.testing.assert_array_equal(array, twin.belief.arrays()[name])
    for row in range(0, N_USERS, 3):
        alone = agent.act(visits.rows([row]), 5)
        np.testing.assert_array_equal(alone.items, slates.items[[row]])
        np.testing.assert_array_equal(alone.propensities, slates.propensities[[row]])
