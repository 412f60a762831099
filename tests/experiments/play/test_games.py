"""The three games: what a move does, what cannot be moved, and that games do not disturb each other."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.play.be_the_recommender import BESIDE
from serendip.experiments.play.games import MOST_GAMES, Table
from serendip.experiments.play.one_life import DAYS, OneLife, play_through
from serendip.experiments.play.titles import titles_of
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.world import make_world, playing_key


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(make_world("tiny", 0), {3: "A film"})


def test_a_game_of_the_recommender_is_played_to_its_end_against_the_same_luck(table):
    state = table.begin("recommender", {"seed": 1})
    name = state["game"]
    assert set(state["beside"]) == set(BESIDE)
    clicks = 0
    while not state["over"]:
        state = table.move(name, {"topics": [0, 1, 2]})
        clicks += sum(item["clicked"] for item in state["last"])
    assert state["clicks"] == clicks == sum(state["clicked"])
    assert len(state["curve"]) == state["day"]
    world = table.stable.world
    life = OneLife(world, table._games[name][0]._user, 1)  # the others met the very same life
    player = table.stable.lend("oracle-growth", life.user)
    player.enter(life.state)
    play_through(life, player, playing_key(1))
    assert state["others"]["oracle-growth"]["curve"] == life.curve
    with pytest.raises(SettingsError, match="the game is over"):
        table.move(name, {"topics": [0, 1, 2]})


def test_a_life_is_the_world_s_own():
    """Day by day what `World` says of one user, whoever asks for the days."""
    world = make_world("tiny", 0)
    life = OneLife(world, 7, 5)
    cast = world.cast(world.user_ids[7:8], np.array([5]))
    state, shown = cast.start(), list[tuple[int, list[bool]]]()
    items = np.arange(3)
    for day in range(DAYS):
        users, n_slates = cast.come(state, day)
        for visit in range(int(n_slates[0]) if len(users) else 0):
            shown.append((day, cast.show(state, day, visit, np.zeros(1, np.int64), items[None])[0].tolist()))
        cast.night(state, day)
    lived = list[tuple[int, list[bool]]]()
    while not life.over:
        day = life.day
        lived.append((day, life.show(items).tolist()))
    assert lived == shown


@pytest.mark.parametrize(
    "move",
    [{}, {"topics": [0, 1]}, {"topics": [0, 1, 99]}, {"topics": "abc"}, {"items": [1, 1, 2]}, {"items": [1, 2, True]}],
)
def test_a_move_that_cannot_be_made_changes_nothing(table, move):
    state = table.begin("recommender", {"seed": 2})
    with pytest.raises(SettingsError):
        table.move(state["game"], move)
    assert {"game": state["game"]} | table.look(state["game"]) == state


def test_the_agent_s_doubt_about_what_is_clicked_and_passed_is_shown_topic_by_topic(table):
    state = table.begin("user", {"agent": "bootstrap-thompson", "seed": 3})
    name = state["game"]
    assert len(state["belief"]["mean"]) == table.stable.world.items.n_topics
    chances = [item["propensity"] for item in state["slate"]]
    assert all(0 < chance <= 1 for chance in chances)
    topic = state["slate"][0]["topic"]
    before = state["belief"]["mean"][topic]
    for _ in range(4):
        click = next((slot for slot, item in enumerate(state["slate"]) if item["topic"] == topic), None)
        state = table.move(name, {"click": click})
    assert state["seen"] == 4
    assert state["clicks"] >= 1
    assert state["belief"]["mean"][topic] >= before
    for click in (3, -1, "1", True, 0.0):
        with pytest.raises(SettingsError, match="allowed is 0 to 2, or null for none"):
            table.move(name, {"click": click})


def test_oracles_cannot_look_into_a_person(table):
    with pytest.raises(SettingsError, match="an oracle knows simulated users, not you"):
        table.begin("user", {"agent": "oracle-growth"})
    with pytest.raises(SettingsError, match="unknown agent 'nobody'"):
        table.begin("user", {"agent": "nobody"})


def test_two_agents_live_through_the_same_days(table):
    state = table.begin("watch", {"agents": ["ease-greedy", "ease-greedy"]})
    name = state["game"]
    for _ in range(3):
        state = table.move(name, {})
    one, other = state["sides"]
    assert one["day"] == 3
    assert one["visitors"] == other["visitors"]
    with pytest.raises(SettingsError, match="agents: give two names"):
        table.begin("watch", {"agents": ["ease-greedy"]})


def test_games_give_way_when_they_are_too_many_and_are_not_mixed_up(table):
    first = table.begin("user", {"agent": "ease-greedy", "seed": 4})
    others = [table.begin("user", {"agent": "ease-greedy", "seed": 5}) for _ in range(MOST_GAMES)]
    table.move(others[0]["game"], {"click": 0})
    assert table.look(others[1]["game"])["clicks"] == 0
    with pytest.raises(SettingsError, match="this game is over: the server was started again or has too many"):
        table.look(first["game"])


def test_items_have_their_titles(table, tmp_path):
    assert table.card(3)["title"] == "A film"
    assert table.card(4)["title"] == "Item 4"
    (tmp_path / "items.csv").write_text("row,item\n0,7\n1,9\n")
    (tmp_path / "movies.csv").write_text('movieId,title,genres\n9,"Nine, the film",Drama\n8,Eight,\n')
    assert titles_of(tmp_path / "movies.csv", str(tmp_path), 2) == {1: "Nine, the film"}
    with pytest.raises(SettingsError, match="keeps no ids of its items"):
        titles_of(tmp_path / "movies.csv", "tiny", 2)
    (tmp_path / "movies.csv").write_text("a,b\n")
    with pytest.raises(DataError, match="needs a column with ids"):
        titles_of(tmp_path / "movies.csv", str(tmp_path), 2)
