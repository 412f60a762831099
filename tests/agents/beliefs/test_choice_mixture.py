"""The filter against a slow one, EM against its definition, and whether what is believed is true where it can be."""

import itertools

import numpy as np
import pytest

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.choice.items import OUTSIDE, Shelf
from serendip.agents.beliefs.choice.population import GRID, Evidence, People, expect, learn_people
from serendip.agents.beliefs.choice.tastes import Tastes, fading_by_day, scene_of
from serendip.agents.beliefs.choice_mixture import ChoiceMixture, ChoiceMixtureSettings
from serendip.agents.event_log import Shown
from serendip.agents.history import History
from serendip.agents.registry import make
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_TOPICS, N_ITEMS, N_PERSONAS = 4, 12, 3
TOPICS = np.arange(N_ITEMS) % N_TOPICS
ITEMS = Items(TOPICS.astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))


def a_prior(rng):
    people = People(
        np.array([0.5, 0.3, 0.2]),
        rng.uniform(0.05, 0.9, (N_PERSONAS, N_TOPICS)),
        np.array([-2.0, 1.0]),
        np.array([0.5, 0.6]),
    )
    shelf = Shelf(
        rng.normal(0, 0.5, N_ITEMS), np.full(N_ITEMS, 9.0), np.array([0, -0.2, -0.5]), np.ones(3), np.array([0.3, 9.0])
    )
    return people, shelf


def some_slates(rng, n=60, n_users=3):
    rows, days = np.repeat(rng.integers(0, n_users, n), 3), np.repeat(np.sort(rng.integers(-2, 12, n)), 3)
    items = np.stack([rng.permutation(N_ITEMS)[:3] for _ in range(n)]).ravel()
    visit, position = np.repeat(np.arange(n), 3), np.tile(np.arange(3), n)
    columns = (column.astype(np.int32) for column in (rows, days, visit, position, items))
    return Shown(*columns, rng.random(3 * n) < 0.3)


class Slow:
    """One user, as the formulas say it, in double precision: every posterior worked out from all likelihoods."""

    def __init__(self, people, shelf, fading_days):
        self.people, self.shelf, self.tau = people, shelf, fading_days
        self.log_like = np.zeros((N_TOPICS, len(GRID)))
        self.fill, self.day, self.chosen = np.zeros(N_TOPICS), 0, np.zeros(N_TOPICS, dtype=bool)

    def posterior(self):
        like = np.exp(self.log_like)
        mass = np.einsum("zg,kg->kz", self.people.on_grid(), like)
        mean = np.einsum("zg,kg,g->kz", self.people.on_grid(), like, np.exp(GRID)) / mass
        odds = mass[:, 1] / mass[:, 0] * np.where(self.chosen, 1e3, 1.0)
        terms = 1.0 - self.people.liked + self.people.liked * odds  # (C, K)
        share = self.people.weight * terms.prod(axis=1)
        share /= share.sum()
        p = share @ (self.people.liked * odds / terms)
        return odds, mean, share, p

    def see(self, day, items, clicked):
        if day < 0:
            self.chosen[TOPICS[items[clicked]]] = True
            return
        self.fill *= np.exp(-(day - self.day) / self.tau)
        self.day = day
        _, mean, _, p = self.posterior()
        expected = p * mean[:, 1] + (1.0 - p) * mean[:, 0]
        topic = TOPICS[items]
        base = np.exp(self.shelf.quality + 0.5 / self.shelf.precision)[items] * np.exp(self.shelf.examination)
        base = base * np.exp(-self.shelf.effect[0] * self.fill[topic])
        n = max(int(clicked.sum()), 1)
        for k in np.unique(topic):
            rest = np.exp(OUTSIDE) + (base * expected[topic])[topic != k].sum()
            y = int(clicked[topic == k].sum())
            self.log_like[k] += y * GRID - n * np.log(rest + base[topic == k].sum() * np.exp(GRID))
            self.log_like[k] -= self.log_like[k].max()
        np.add.at(self.fill, topic, 1.0)


def test_the_filter_is_what_the_formulas_say():
    rng = np.random.default_rng(0)
    people, shelf = a_prior(rng)
    shown, fading = some_slates(rng), fading_by_day(3.0)
    tastes = Tastes.unknown(people, 3)
    tastes.take_in(shown, scene_of(TOPICS, people, shelf, fading))
    for user in range(3):
        slow = Slow(people, shelf, 3.0)
        mine = shown.at(shown.rows == user)
        for first, end in np.stack([mine.slate_starts()[:-1], mine.slate_starts()[1:]], axis=1):
            slow.see(mine.day[first], mine.items[first:end], mine.clicked[first:end])
        odds, mean, share, p = slow.posterior()
        np.testing.assert_allclose(tastes.odds[user], odds, rtol=2e-4)
        np.testing.assert_allclose(tastes.mean_weight[user], mean, rtol=2e-4)
        np.testing.assert_allclose(tastes.share[user], share, rtol=2e-3, atol=1e-9)
        np.testing.assert_allclose(tastes.liked(people)[user], p, rtol=2e-3)
        np.testing.assert_allclose(tastes.fill[user], slow.fill, rtol=1e-9)


def test_what_slates_tell_are_the_derivatives_of_the_likelihood():
    """Gradients by differences, at fixed tastes."""
    rng = np.random.default_rng(1)
    people, shelf = a_prior(rng)
    shown, fading = some_slates(rng), fading_by_day(3.0)
    tastes = Tastes.unknown(people, 3)
    fills = tastes.take_in(shown, scene_of(TOPICS, people, shelf, fading)).astype(np.float64)
    expected, starts = tastes.expected(people), shown.slate_starts()

    def log_likelihood(quality, examination, eta):
        total = 0.0
        for first, end in itertools.pairwise(starts):
            slate = slice(first, end)
            if shown.day[first] < 0:
                continue
            items, y = shown.items[slate], shown.clicked[slate]
            log_weight = quality[items] + 0.5 / shelf.precision[items] + examination - eta * fills[slate]
            weight = np.exp(log_weight) * expected[shown.rows[first], TOPICS[items]]
            total += log_weight[y].sum() - max(y.sum(), 1) * np.log(np.exp(OUTSIDE) + weight.sum())
        return total

    told = tastes.tell(shown, fills.astype(np.float32), people, scene_of(TOPICS, people, shelf, fading))
    at = (shelf.quality, shelf.examination, float(shelf.effect[0]))
    step = 1e-5
    for part, (gradient, size) in enumerate(((told.items[:, 0], N_ITEMS), (told.positions[:, 0], 3))):
        for j in range(size):
            up, down = ([np.array(x) if np.ndim(x) else x for x in at] for _ in range(2))
            up[part][j] += step
            down[part][j] -= step
            slope = (log_likelihood(*up) - log_likelihood(*down)) / (2 * step)
            assert gradient[j] == pytest.approx(slope, rel=1e-4, abs=1e-4)
    slope = (log_likelihood(*at[:2], at[2] + step) - log_likelihood(*at[:2], at[2] - step)) / (2 * step)
    assert told.effect[0] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_the_e_step_is_bayes_rule():
    rng = np.random.default_rng(2)
    people, _ = a_prior(rng)
    odds, seen = np.exp(rng.normal(0, 2, (20, N_TOPICS))), rng.random((20, N_TOPICS)) < 0.6
    chosen = rng.random((20, N_TOPICS)) < 0.1
    e = Evidence.of(odds, seen, chosen)
    share, hits, shown = np.zeros((20, N_PERSONAS)), np.zeros((N_PERSONAS, N_TOPICS)), np.zeros((N_PERSONAS, N_TOPICS))
    total = expect(e.starts, e.topics, e.odds, e.chosen, people.weight, people.liked, share, hits, shown)
    known = np.where(seen | chosen, odds, 1.0)
    terms = 1.0 - people.liked + people.liked * known[:, None, :]  # (n, C, K)
    joint = people.weight * terms.prod(axis=2)
    r = joint / joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, r, rtol=1e-9)
    assert total == pytest.approx(np.log(joint.sum(axis=1)).sum())
    counted = np.where(r < 1e-4, 0.0, r)  # the others make no difference, and are left out
    expected = counted[:, :, None] * people.liked * known[:, None, :] / terms * (seen | chosen)[:, None, :]
    np.testing.assert_allclose(hits, expected.sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(shown, np.einsum("uc,uk->ck", counted, seen & ~chosen), rtol=1e-9)


def test_personas_are_found_again():
    """Four personas with ten topics of their own, of which a user was asked about a third."""
    rng = np.random.default_rng(3)
    truth = np.full((4, 40), 0.03)
    for c in range(4):
        truth[c, 10 * c : 10 * c + 10] = 0.7
    persona = rng.integers(4, size=400)
    likes = rng.random((400, 40)) < truth[persona]
    seen = rng.random((400, 40)) < 0.33
    odds = np.where(likes, 20.0, 0.05)
    found = learn_people(
        People.first(6, 40), Evidence.of(odds, seen, np.zeros_like(seen)), 7, restarts=3, steps=20, pull=0.5
    )
    gaps = [np.abs(found.liked - truth[c]).max(axis=1).min() for c in range(4)]
    assert max(gaps) < 0.3  # a persona's chance of a topic rests on about 30 users: 0.3 is beyond three standard errors


def lived_slates(rng, people, shelf, n_users, n_days, fading_days=3.0):
    """Return the log of users drawn from the prior who see random slates, and their tastes."""
    persona = rng.choice(N_PERSONAS, n_users, p=people.weight)
    likes = rng.random((n_users, N_TOPICS)) < people.liked[persona]
    z = likes.astype(int)
    theta = people.mean[z] + people.spread[z] * rng.standard_normal(likes.shape)
    history, fill = History(N_ITEMS), np.zeros((n_users, N_TOPICS))
    users = np.arange(n_users)
    for day in range(n_days):
        items = np.stack([rng.permutation(N_ITEMS)[:3] for _ in users])
        utility = (
            theta[users[:, None], TOPICS[items]]
            + shelf.quality[items]
            - shelf.effect[0] * fill[users[:, None], TOPICS[items]]
        )
        weight = np.exp(utility + shelf.examination)
        chance = weight / (np.exp(OUTSIDE) + weight.sum(axis=1, keepdims=True))
        point = rng.random((n_users, 1))
        clicked = (np.cumsum(chance, axis=1) > point) & (np.cumsum(chance, axis=1) - chance <= point)
        visits = Visits(users, day, np.zeros(n_users, np.int32), np.ones(N_ITEMS, dtype=bool))
        history.append(visits, Slates(items, np.ones(items.shape), None, np.zeros(n_users, bool)), Feedback(clicked))
        np.add.at(fill, (np.repeat(users, 3), TOPICS[items].ravel()), 1.0)
        fill *= np.exp(-1.0 / fading_days)
    return history, theta


def test_what_is_believed_is_true_where_the_world_is_as_believed():
    """Nine in ten tastes lie in their 90% intervals; 4 standard errors of 1,200 tastes are 3.5 points."""
    rng = np.random.default_rng(4)
    people, shelf = a_prior(rng)
    certain = Shelf(shelf.quality, np.full(N_ITEMS, 1e6), shelf.examination, shelf.examination_precision, shelf.effect)
    history, theta = lived_slates(rng, people, certain, 300, 12)
    belief = ChoiceMixture(ChoiceMixtureSettings(personas=3, fading_days=3.0), TOPICS, N_TOPICS, 1)
    belief.people, belief.shelf = people, certain
    visits = Visits(np.arange(300), 12, np.zeros(300, np.int32), np.ones(N_ITEMS, dtype=bool))
    posterior = belief.posterior(Situation(visits, history, ITEMS))
    drawn = posterior.hypotheses(range(200), Luck(5, visits))  # (B, S, K)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=1)
    inside = ((low <= theta) & (theta <= high)).mean()
    assert abs(inside - 0.9) < 0.035
    assert drawn.std(axis=1).mean() < 0.8 * theta.std()  # and they say something


def test_draws_are_joint():
    """What is liked goes together in a draw as in the personas, and as often as is believed."""
    people = People(
        np.array([0.5, 0.5]),
        np.array([[0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9]]),
        np.array([-2.0, 1.0]),
        np.array([0.3, 0.3]),
    )
    belief = ChoiceMixture(ChoiceMixtureSettings(personas=2), TOPICS, N_TOPICS, 1)
    belief.people = people
    visits = Visits(np.array([1]), 0, np.zeros(1, np.int32), np.ones(N_ITEMS, dtype=bool))
    posterior = belief.posterior(Situation(visits, History(N_ITEMS), ITEMS))
    likes = posterior.hypotheses(range(2000), Luck(6, visits))[0] > -0.5  # (S, K)
    np.testing.assert_allclose(likes.mean(axis=0), 0.5, atol=4 * 0.5 / np.sqrt(2000))
    together = (likes[:, 0] == likes[:, 1]).mean()
    assert abs(together - 0.82) < 4 * np.sqrt(0.82 * 0.18 / 2000)


def test_all_is_learned_from_a_wrong_start():
    """Qualities, satiation and examination come near the truth from slates alone."""
    rng = np.random.default_rng(5)
    people, shelf = a_prior(rng)
    shelf = Shelf(
        shelf.quality - shelf.quality.mean(),
        shelf.precision,
        shelf.examination,
        shelf.examination_precision,
        shelf.effect,
    )
    history, _ = lived_slates(rng, people, shelf, 400, 25)
    belief = ChoiceMixture(ChoiceMixtureSettings(personas=3, fading_days=3.0), TOPICS, N_TOPICS, 1)
    for _ in range(4):
        belief._n_fitted = 0
        belief.update(history, ITEMS)
    assert np.corrcoef(belief.shelf.quality, shelf.quality)[0, 1] > 0.95
    np.testing.assert_allclose(belief.shelf.examination, shelf.examination, atol=0.1)
    assert belief.shelf.effect[0] == pytest.approx(0.3, abs=0.08)
    assert belief.people.mean[0] < -1.2
    assert belief.people.mean[1] == pytest.approx(1.0, abs=0.4)


def test_another_memory_is_read_from_its_beginning():
    """A frozen agent that lives through a log again believes what it would have believed there."""
    rng = np.random.default_rng(6)
    people, shelf = a_prior(rng)
    history, _ = lived_slates(rng, people, shelf, 20, 6)
    agent = make("choice-greedy", ITEMS, 3, 1, personas=3)
    agent.forget(history)
    agent.update()
    visits = Visits(np.arange(20), 6, np.zeros(20, np.int32), np.ones(N_ITEMS, dtype=bool))
    before = agent.belief.posterior(Situation(visits, history, ITEMS)).level()
    agent.forget()
    empty = agent.belief.posterior(Situation(visits, agent.history, ITEMS)).level()
    assert np.ptp(empty, axis=0).max() < 1e-6  # nobody is known
    again = History(N_ITEMS)
    again.restore(history.arrays())
    agent.forget(again)
    after = agent.belief.posterior(Situation(visits, again, ITEMS)).level()
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.9  # read with what was learned by then, not before
    twin = make("choice-greedy", ITEMS, 3, 1, personas=3)
    twin.belief.restore(agent.belief.arrays())
    twin.forget()
    twin.forget(again)
    np.testing.assert_array_equal(twin.belief.posterior(Situation(visits, again, ITEMS)).level(), after)
