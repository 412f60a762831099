"""A server shows what its agent shows, with the same propensities, in a batch and one by one."""

import copy
import pickle
import threading

import numpy as np
import pytest

from serendip.agents.beliefs.features import UserTable
from serendip.agents.beliefs.linear_ensemble import LinearEnsemble, LinearEnsembleSettings
from serendip.agents.recommender import Recommender, RecommenderSettings
from serendip.agents.registry import make
from serendip.agents.serving.server import Server
from serendip.agents.strategies.thompson import Thompson, ThompsonSettings
from serendip.simulator.errors import SerendipError, SettingsError, ThreadError
from serendip.simulator.interface import Feedback, Items, Visits

N_USERS, KEY = 600, 11


def taught(n_items, n_features, epsilon=0.1, prior_scale=0.3, hypothesis="slate"):
    """Return an agent that has learned a little, its items and its users' features."""
    items = Items(np.zeros(n_items, np.int32), np.where(np.arange(n_items) == 3, 5, 0).astype(np.int32))
    x = np.random.default_rng(1).standard_normal((N_USERS, n_features))
    table = UserTable(np.arange(N_USERS) * 3 - 50, x)
    belief = LinearEnsemble(LinearEnsembleSettings(prior_scale=prior_scale), items, 7, table)
    settings = RecommenderSettings("served", "linear-ensemble", "thompson", epsilon=epsilon, hypothesis=hypothesis)
    agent = Recommender(settings, items, 1, 7, belief, Thompson(ThompsonSettings()))
    agent.update()
    for day in range(2):
        visits = visits_on(items, day)
        slates = agent.act(visits, KEY)
        agent.observe(visits, slates, Feedback(x[:, :1] > slates.items % 3 - 1))
        agent.update()
    return agent, items, x.astype(np.float32)


def visits_on(items, day):
    return Visits(np.arange(N_USERS) * 3 - 50, day, np.zeros(N_USERS, np.int32), items.available(day))


@pytest.mark.parametrize(("n_items", "n_features"), [(100, 20), (7, 3), (30, 70)])
@pytest.mark.parametrize("day", [4, 5])  # item 3 comes on day 5
def test_a_server_decides_as_its_agent(n_items, n_features, day):
    agent, items, x = taught(n_items, n_features)
    visits = visits_on(items, day)
    slates = agent.act(visits, KEY)
    server = Server(agent, visits.available, KEY)
    served = server.choose(x, visits.user_ids, day, visits.visit)
    np.testing.assert_array_equal(served.items, slates.items[:, 0])
    np.testing.assert_array_equal(served.propensities, slates.propensities[:, 0])
    np.testing.assert_array_equal(served.explored, slates.explored)
    assert 0 < served.explored.sum() < N_USERS / 4
    for b in range(N_USERS):
        one = server.choose_one(x[[b]], int(visits.user_ids[b]), day, 0)
        assert one == (served.items[b], served.propensities[b], served.explored[b])
    part = server.choose(x[5:9], visits.user_ids[5:9], day, visits.visit[5:9])
    np.testing.assert_array_equal(part.items, served.items[5:9])


def test_ties_are_broken_as_the_agent_breaks_them():
    agent, items, x = taught(6, 2, prior_scale=0.0)
    agent.belief.regressions.mean[:] = 0.0
    visits = visits_on(items, 9)
    slates = agent.act(visits, KEY)
    assert len(set(slates.items[:, 0].tolist())) == 6
    server = Server(agent, visits.available, KEY)
    served = server.choose(x, visits.user_ids, 9, visits.visit)
    np.testing.assert_array_equal(served.items, slates.items[:, 0])
    for b in range(0, N_USERS, 10):
        assert server.choose_one(x[[b]], int(visits.user_ids[b]), 9, 0)[0] == served.items[b]


def test_features_that_are_no_numbers_are_an_error():
    agent, items, _ = taught(6, 2)
    server = Server(agent, items.available(0), KEY)
    with pytest.raises(SerendipError, match="not a finite number"):
        server.choose_one(np.full((1, 2), np.nan, np.float32), 1, 0, 0)


def test_threads_in_one_server_are_never_wrong_and_the_second_is_told():
    """Eight threads over 600 visits: each answer is right, or says that another thread is in the server."""
    agent, items, x = taught(100, 20)
    server = Server(agent, items.available(4), KEY)
    ids = [int(user) for user in visits_on(items, 4).user_ids]
    right = [server.choose_one(x[[b]], ids[b], 4, 0) for b in range(N_USERS)]
    wrong, told = list[int](), list[int]()

    def ask(first: int) -> None:
        for b in range(first, N_USERS, 2):
            try:
                if server.choose_one(x[[b]], ids[b], 4, 0) != right[b]:
                    wrong.append(b)
            except ThreadError:
                told.append(b)

    threads = [threading.Thread(target=ask, args=(number % 2,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    server._enter()
    with pytest.raises(ThreadError, match="give each thread a server of its own"):
        server.choose_one(x[[0]], ids[0], 4, 0)
    with pytest.raises(ThreadError, match="another thread is in this server"):
        server.choose(x[:2], np.asarray(ids[:2]), 4, np.zeros(2, np.int32))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda server: pickle.loads(pickle.dumps(server))])
def test_a_copy_serves_as_the_original_and_is_nobodys(copied):
    agent, items, x = taught(30, 5)
    server = Server(agent, items.available(4), KEY)
    server._enter()
    other = copied(server)
    server._turn.release()
    ids = [int(user) for user in visits_on(items, 4).user_ids[:50]]
    assert [other.choose_one(x[[b]], ids[b], 4, 0) for b in range(50)] == [
        server.choose_one(x[[b]], ids[b], 4, 0) for b in range(50)
    ]


def test_other_agents_cannot_be_served():
    items = Items(np.zeros(4, np.int32), np.zeros(4, np.int32))
    with pytest.raises(SettingsError, match="'thompson' cannot be served: that takes slates of one item"):
        Server(make("thompson", items, 1, 0, belief="linear"), items.available(0), KEY)
    kept, items, _ = taught(4, 2, hypothesis="visit")
    with pytest.raises(SettingsError, match="hypothesis 'slate'"):
        Server(kept, items.available(0), KEY)
