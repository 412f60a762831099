"""An agent that is trained on a log is valued on the users that it did not learn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from serendip.agents.recommender import Recommender
from serendip.experiments.offline.reading.source import Step
from serendip.experiments.offline.targets.target import trained_agents
from serendip.simulator.interface import Items, Visits

N_USERS, N_ITEMS = 40, 5


class Site:
    """Just enough of a log: three days on which every user comes."""

    slate_size, key, rows_are_users, has_slate_propensities = 1, None, False, False

    def items(self) -> Items:
        return Items(np.arange(N_ITEMS, dtype=np.int32) % 2, np.zeros(N_ITEMS, np.int32))

    def before(self) -> Iterator[Step]:
        return iter(())

    def steps(self) -> Iterator[Step]:
        for day in range(3):
            users = np.arange(N_USERS, dtype=np.int64)
            visits = Visits(users, day, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, bool))
            items = ((users + day) % N_ITEMS)[:, None]
            clicked = items % 2 == 0
            yield Step(visits, items, clicked, clicked.astype(float), np.full(items.shape, 1 / N_ITEMS))


def test_nobody_is_valued_by_an_agent_that_learned_from_them(monkeypatch: Any) -> None:
    learned, asked = dict[int, set[int]](), dict[int, set[int]]()
    observe, mixture = Recommender.observe, Recommender.mixture
    trained = False

    def observing(self: Any, visits: Visits, slates: Any, feedback: Any) -> None:
        if not trained:
            learned.setdefault(id(self), set()).update(visits.user_ids.tolist())
        observe(self, visits, slates, feedback)

    def asking(self: Any, visits: Visits, key: int) -> Any:
        asked.setdefault(id(self), set()).update(visits.user_ids.tolist())
        return mixture(self, visits, key)

    monkeypatch.setattr(Recommender, "observe", observing)
    monkeypatch.setattr(Recommender, "mixture", asking)
    source: Any = Site()
    target = trained_agents("ease-greedy", source, 3)
    trained = True
    versions = [agent.version for agent in target.agents]
    list(target.view(source, None))
    assert len(target.agents) == 2
    assert learned.keys() == asked.keys()
    for agent in target.agents:
        assert learned[id(agent)]
        assert asked[id(agent)] == set(range(N_USERS)) - learned[id(agent)]
    assert [agent.version for agent in target.agents] == versions  # what they see while they are valued teaches nothing
