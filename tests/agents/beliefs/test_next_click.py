"""Models of the next click as an agent's belief: it is told the clicks in order, and replays them from a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serendip.agents.beliefs.belief import Luck, Situation
from serendip.agents.beliefs.next_click import clicks_in_order
from serendip.agents.history import History
from serendip.agents.models.next_click.sequences import recent
from serendip.agents.registry import load, make
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.witnesses import LoggingWitness
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import open_log
from serendip.simulator.world import make_world

N_ITEMS, N_USERS = 12, 30
ITEMS = Items((np.arange(N_ITEMS) % 4).astype(np.int32), np.zeros(N_ITEMS, dtype=np.int32))
MODELS = ("markov-chain", "sequential-rules", "gru", "self-attention")


def visits_on(day: int) -> Visits:
    return Visits(np.arange(N_USERS) * 3, day, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, dtype=bool))


def walks(agent: Any, days: int) -> Any:
    """Let every user click one item a day, three further round the catalogue each day; others are passed over."""
    for day in range(days):
        visits = visits_on(day)
        clicked = (np.arange(N_USERS) + 3 * day) % N_ITEMS
        items = np.stack([(clicked + 1) % N_ITEMS, clicked], axis=1)
        slates = Slates(items, np.ones(items.shape), None, np.zeros(N_USERS, dtype=bool))
        agent.observe(visits, slates, Feedback(items == clicked[:, None]))
    agent.update()
    return agent


def small(model: str) -> dict[str, float]:
    """Settings that make a network learn a walk in a second."""
    if model in ("markov-chain", "sequential-rules"):
        return {}
    return {"model.width": 16, "model.epochs": 40, "model.learning_rate": 0.02, "model.dropout": 0.0}


@pytest.mark.parametrize("model", MODELS)
def test_it_knows_what_follows_and_is_saved(model: str, tmp_path: Path) -> None:
    """After 9 days what comes next is three items further; every item was clicked as often, so counts do not tell."""
    agent = walks(make("greedy", ITEMS, 2, 1, belief="next-click", model=model, **small(model)), 9)
    slates = agent.act(visits_on(9), 5)
    expected = (np.arange(N_USERS) + 27) % N_ITEMS
    assert (slates.items[:, 0] == expected).mean() > 0.95
    agent.save(tmp_path)
    np.testing.assert_array_equal(load(tmp_path).act(visits_on(9), 5).items, slates.items)


def test_clicks_stand_in_order_and_twice_where_they_were() -> None:
    agent = walks(make("greedy", ITEMS, 2, 1, belief="next-click", model="markov-chain"), 5)
    situation = Situation(visits_on(6).rows([4, 0]), agent.history, ITEMS)
    rows = clicks_in_order(*situation.events, N_ITEMS)
    assert recent(rows, 5).tolist() == [[(u + 3 * day) % N_ITEMS + 1 for day in range(5)] for u in (4, 0)]
    stranger = Situation(Visits(np.array([-7]), 6, np.zeros(1, np.int32), np.ones(N_ITEMS, bool)), agent.history, ITEMS)
    scores = agent.belief.posterior(stranger).mean(Luck(1, stranger.visits))
    np.testing.assert_allclose(scores[0], agent.belief.model.popularity)


@pytest.mark.parametrize("model", ["markov-chain", "gru"])
def test_it_is_rebuilt_from_a_log_to_the_last_bit(model: str, tmp_path: Path) -> None:
    world = make_world("tiny", 2)
    settings = {} if model == "markov-chain" else {"model.width": 8, "model.epochs": 2, "model.warm_epochs": 1}
    agent = make("softmax", world.items, 3, 1, belief="next-click", model=model, **settings)
    log = LoggingWitness(world, tmp_path)
    state = live(world, agent, Schedule(days=6), [log])
    log.close("softmax", Schedule(days=6), agent, state)
    again = History.from_log(open_log(tmp_path), world.n_items)
    users = again.user_ids
    visits = Visits(users, 7, np.zeros(len(users), np.int32), np.ones(world.n_items, dtype=bool))
    luck = Luck(1, visits)
    first, second = (
        agent.belief.posterior(Situation(visits, history, world.items)).mean(luck) for history in (agent.history, again)
    )
    np.testing.assert_array_equal(first, second)
    twins = [make("softmax", world.items, 3, 1, belief="next-click", model=model, **settings) for _ in range(2)]
    for twin, history in zip(twins, (agent.history, again), strict=True):
        twin.belief.update(history, world.items)
    for name, values in twins[0].belief.arrays().items():
        np.testing.assert_array_equal(values, twins[1].belief.arrays()[name])


@pytest.mark.parametrize("model", MODELS)
def test_before_anything_was_clicked_all_is_alike(model: str) -> None:
    agent = make("greedy", ITEMS, 2, 1, belief="next-click", model=model, **small(model))
    agent.update()
    visits = visits_on(0)
    scores = agent.belief.posterior(Situation(visits, agent.history, ITEMS)).mean(Luck(1, visits))
    assert np.isfinite(scores).all()
    assert (scores == scores[:1]).all()
