"""What every registered agent must do, whatever it is made of."""

import dataclasses

import numpy as np
import pytest

from serendip.agents import AGENTS
from serendip.agents.registry import load, make
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Items, Slates, Visits

N_USERS, N_ITEMS, SLATE = 40, 25, 3
KEY = 77
ITEMS = Items((np.arange(N_ITEMS) % 5).astype(np.int32), np.where(np.arange(N_ITEMS) == 7, 4, 0).astype(np.int32))


def visits_of(users, day, visit=0):
    ids = np.asarray(users, dtype=np.int64) * 17 - 3
    return Visits(ids, day, np.full(len(ids), visit, dtype=np.int32), ITEMS.available(day))


def live(agent, days=6, first=0):
    """Let the agent serve users who like every fifth item, and learn every second day; return its log."""
    log = []
    for day in range(first, first + days):
        rng = randomness.generator(5, day)
        users = np.sort(rng.choice(N_USERS, 30, replace=False))
        for visit in range(2):
            visits = visits_of(users, day, visit)
            slates = agent.act(visits, KEY)
            liked = (slates.items + visits.user_ids[:, None]) % 5 == 0
            feedback = Feedback(rng.random(liked.shape) < np.where(liked, 0.8, 0.1))
            log.append((visits, slates, agent.propensities(visits, slates, KEY)))
            agent.observe(visits, slates, feedback)
        if day % 2 == 1:
            agent.update()
    return log


@pytest.fixture(params=[*AGENTS, "toy-agent", "toy-strategy"])
def name(request, toys):
    return request.param


@pytest.fixture
def lived(name):
    agent = make(name, ITEMS, SLATE, seed=3)
    return agent, live(agent)


def same(one: Slates, other: Slates):
    for field in dataclasses.fields(Slates):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_slates_are_what_they_say(lived):
    agent, log = lived
    for visits, slates, _ in log:
        assert slates.items.shape == slates.propensities.shape == (len(visits), SLATE)
        assert slates.items.dtype == np.int64
        assert slates.propensities.dtype == np.float64
        assert all(len(set(row)) == SLATE for row in slates.items.tolist())
        assert visits.available[slates.items].all()
        assert ((slates.propensities > 0) & (slates.propensities <= 1)).all()
        assert slates.slate_propensities is not None
        assert (slates.slate_propensities <= slates.propensities.min(axis=1) + 1e-12).all()
    assert (agent.settings.epsilon > 0) == any(slates.explored.any() for _, slates, _ in log)


def test_its_own_log_has_weight_one(lived):
    for _, slates, recomputed in lived[1]:
        np.testing.assert_array_equal(slates.propensities, recomputed)
        assert (recomputed / slates.propensities).mean() == 1.0


def test_weights_of_uniform_average_one(lived):
    """The mean of (1/M) / propensity is 1 if every item can be shown; beyond 4 standard errors once in 16,000."""
    agent, _ = lived
    if agent.settings.epsilon == 0.0:
        pytest.skip("shows some items never")
    weights = []
    for day in range(10, 40):
        visits = visits_of(np.arange(N_USERS), day)
        slates = agent.act(visits, KEY)
        weights.append(1.0 / N_ITEMS / slates.propensities)
    means = np.concatenate(weights).mean(axis=1)  # (n,) one a slate: its slots are not independent
    error = means.std(ddof=1) / np.sqrt(len(means))
    assert abs(means.mean() - 1.0) <= 4.0 * error + 1e-12


def test_propensities_sum_to_one_at_each_position(lived):
    agent, _ = lived
    for day in (3, 9):  # item 7 comes on day 4
        visits = visits_of(np.arange(N_USERS), day)
        mixture = agent.mixture(visits, KEY)
        everything = np.arange(N_ITEMS)
        total = sum(mixture.at_position(np.full((N_USERS, SLATE), item)) for item in everything)
        np.testing.assert_allclose(total, 1.0, atol=1e-12)
        assert (mixture.at_position(np.full((N_USERS, SLATE), 7)) > 0).any() <= (day >= 4)


def test_a_batch_equals_its_visits_one_by_one(lived):
    agent, _ = lived
    visits = visits_of(np.arange(N_USERS), 8)
    whole = agent.act(visits, KEY)
    backwards = agent.act(visits.rows(slice(None, None, -1)), KEY)
    same(backwards.rows(slice(None, None, -1)), whole)
    for row in range(0, N_USERS, 7):
        same(agent.act(visits.rows([row]), KEY), whole.rows([row]))


def test_same_seed_same_agent(name, lived):
    _, log = lived
    for (_, one, _), (_, other, _) in zip(live(make(name, ITEMS, SLATE, seed=3)), log, strict=True):
        same(one, other)


def test_saved_and_loaded_goes_on_as_it_was(lived, tmp_path):
    agent, _ = lived
    agent.save(tmp_path / "agent")
    twin = load(tmp_path / "agent")
    assert twin.settings == agent.settings
    assert twin.version == agent.version
    for (_, one, _), (_, other, _) in zip(live(twin, first=6), live(agent, first=6), strict=True):
        same(one, other)


def test_unseen_agent_acts_and_is_saved(name, tmp_path):
    agent = make(name, ITEMS, SLATE, seed=3)
    agent.save(tmp_path)
    visits = visits_of([1, 2], 0)
    same(load(tmp_path).act(visits, KEY), agent.act(visits, KEY))
    assert agent.act(visits.rows(slice(0, 0)), KEY).items.shape == (0, SLATE)


def test_memory_in_two_halves_is_the_same_memory(name):
    """Observing a day's visits in batches of another size changes nothing that is learned."""
    agents = [make(name, ITEMS, SLATE, seed=3) for _ in range(2)]
    uniform = make("uniform", ITEMS, SLATE, seed=1)
    visits = visits_of(np.arange(N_USERS), 5)
    slates = uniform.act(visits, KEY)
    clicked = slates.items % 5 == 0
    for agent, n in zip(agents, (N_USERS, 11), strict=True):
        for start in range(0, N_USERS, n):
            part = slice(start, start + n)
            agent.observe(visits.rows(part), slates.rows(part), Feedback(clicked[part]))
        agent.update()
    same(agents[0].act(visits, KEY), agents[1].act(visits, KEY))


def test_unknown_names_and_settings_are_errors_that_list_the_known(name):
    with pytest.raises(SettingsError, match=r"unknown agent 'no'; known agents: .*" + name):
        make("no", ITEMS, SLATE, 0)
    with pytest.raises(SettingsError, match="unknown setting 'no'; known settings: epsilon"):
        make(name, ITEMS, SLATE, 0, no=1)
    with pytest.raises(SettingsError, match="epsilon is 2"):
        make(name, ITEMS, SLATE, 0, epsilon=2.0)
    with pytest.raises(SettingsError, match="slate_size is 26"):
        make(name, ITEMS, N_ITEMS + 1, 0)
