"""The designs divide what they say they divide, and their scores are what a hand computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from serendip.experiments.__main__ import main
from serendip.experiments.ab.designs import DESIGNS, PERIOD, Division, clusters
from serendip.experiments.ab.run import markdown, run
from serendip.experiments.ab.scores import right_after, scored, switchback_differences
from serendip.experiments.ab.table import read_scores
from serendip.experiments.ab.trial import Setting, alone, together
from serendip.experiments.ab.two_arms import TwoArms
from serendip.experiments.online.agents import make_player
from serendip.experiments.online.life import Schedule, live
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.world import World

SMALL = Setting("tiny", 60, 15)
PAIR = ("ease-greedy", "ease-epsilon:epsilon=0.3")


class Spy:
    """Passes on to an agent, and remembers whom it saw, whom it served and what it showed."""

    def __init__(self, agent: Any) -> None:
        self.agent = agent
        self.seen, self.served, self.shown = set[int](), set[int](), set[int]()

    def act(self, visits: Any, key: int) -> Any:
        slates = self.agent.act(visits, key)
        self.served |= set(visits.user_ids.tolist())
        self.shown |= set(slates.items.ravel().tolist())
        return slates

    def observe(self, visits: Any, slates: Any, feedback: Any) -> None:
        if visits.day >= 0:
            self.seen |= set(visits.user_ids.tolist())
        self.agent.observe(visits, slates, feedback)

    def update(self) -> None:
        self.agent.update()


def watched(name: str) -> tuple[World, Division, Spy, Spy]:
    world = SMALL.make(1)
    division = Division(DESIGNS[name], world)
    spies = [Spy(make_player(agent, world)) for agent in PAIR]
    live(world, TwoArms(spies[0], spies[1], division), Schedule(SMALL.days, 5), [])
    return world, division, spies[0], spies[1]


def test_halves_are_halves() -> None:
    shares = [Division(DESIGNS["user-split"], SMALL.make(seed)).in_b(np.arange(60), 0).mean() for seed in range(40)]
    assert abs(np.mean(shares) - 0.5) < 4 * 0.5 / np.sqrt(40 * 60)  # four errors


@pytest.mark.parametrize("name", ["user-split", "own-data", "clusters", "corpus"])
def test_nobody_is_served_by_both_agents(name: str) -> None:
    _, division, a, b = watched(name)
    assert a.served
    assert b.served
    assert not a.served & b.served
    assert division.in_b(np.array(sorted(b.served)), 3).all()


def test_data_are_shared_where_the_design_says_so() -> None:
    for name, design in DESIGNS.items():
        _, _, a, b = watched(name)
        assert (a.seen == b.seen) == design.shared
        assert design.shared or (a.seen == a.served and b.seen == b.served)


def test_items_are_divided_in_the_corpus_design_alone() -> None:
    _, _, a, b = watched("corpus")
    assert not a.shown & b.shown
    _, _, a, b = watched("own-data")
    assert a.shown & b.shown


def test_users_who_clicked_alike_go_together() -> None:
    world = SMALL.make(1)
    cluster, in_b = clusters(world), Division(DESIGNS["clusters"], world).in_b(np.arange(60), 0)
    assert 1 < len(set(cluster.tolist())) < 60
    for one in set(cluster.tolist()):
        assert len(set(in_b[cluster == one].tolist())) == 1


def test_clusters_leave_no_half_empty_and_each_is_in_b_half_of_the_time() -> None:
    """Of 7 or 8 clusters drawn one by one, a half was empty in one world of a hundred."""
    halves = [Division(DESIGNS["clusters"], SMALL.make(seed)).in_b(np.arange(60), 0) for seed in range(60)]
    assert all(0.2 < half.mean() < 0.8 for half in halves)
    assert abs(np.mean([half[0] for half in halves]) - 0.5) < 4 * 0.5 / np.sqrt(60)  # four errors


def test_one_cluster_cannot_be_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serendip.experiments.ab.designs.clusters", lambda world: np.zeros(world.n_users, np.int64))
    with pytest.raises(SettingsError, match="one cluster, which no lot divides; take the design `own-data`"):
        Division(DESIGNS["clusters"], SMALL.make(1))


def test_a_switchback_changes_every_week() -> None:
    division = Division(DESIGNS["switchback"], SMALL.make(1))
    weeks = [bool(division.in_b(np.arange(60), day).all()) for day in range(4 * PERIOD)]
    assert weeks == [((day // PERIOD) % 2 == 1) ^ weeks[0] for day in range(4 * PERIOD)]
    assert {*weeks} == {True, False}


@pytest.mark.parametrize("name", ["user-split", "switchback"])
def test_an_agent_against_itself_is_that_agent_alone(name: str) -> None:
    """With all data shared, both arms know what one agent would: to the last visit the world is the same."""
    whole = np.array(alone(SMALL, "ease-greedy", 2))
    a, b = (np.array(one, dtype=float) for one in together(SMALL, DESIGNS[name], ("ease-greedy", "ease-greedy"), 2))
    in_b = Division(DESIGNS[name], SMALL.make(2)).in_b(np.arange(60), 0).mean() if name == "user-split" else np.nan
    both = (1 - in_b) * a + in_b * b if name == "user-split" else np.where(np.isnan(a), b, a)
    np.testing.assert_allclose(both, whole, atol=1e-12)


def test_a_score_is_what_a_hand_computes() -> None:
    truths = np.tile([[0.1], [0.3], [0.2], [0.2]], (1, 20))
    tests = truths + np.array([[-0.5], [0.1], [-0.5], [0.1]])
    one = scored("user-split", PAIR, truths, tests)
    assert one.truth.value == pytest.approx(0.2)
    assert one.bias.value == pytest.approx(-0.2)
    assert (one.wrong, one.chance, one.right_after) == (0.5, 0.0, None)
    early = np.concatenate([np.full((4, 14), -0.1), np.full((4, 46), 0.3)], axis=1) + np.arange(4)[:, None] * 0.01
    assert right_after(early, 1.0) == 28


def test_a_test_that_one_agent_had_no_users_in_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"clusters: in 1 of 3 worlds \(the first is 2\) one agent had no users"):
        scored("clusters", PAIR, np.ones((3, 20)), np.repeat([[1.0], [1.0], [np.nan]], 20, axis=1))


def test_pairs_of_weeks_make_the_differences_of_a_switchback() -> None:
    a = np.array([1.0, 1.0, np.nan, np.nan, 3.0, 5.0, np.nan, np.nan, 9.0])
    b = np.array([np.nan, np.nan, 2.0, 4.0, np.nan, np.nan, 5.0, 5.0, np.nan])
    found = switchback_differences([a, b], 2)
    np.testing.assert_allclose(found[[3, 7]], [2.0, 1.0])
    assert np.isnan(np.delete(found, [3, 7])).all()


def test_tests_go_on_where_they_stopped(tmp_path: Path, capsys: Any) -> None:
    first = run(tmp_path, ["own-data"], [PAIR], Setting("tiny", 20, 15), 3, Console(quiet=True), 1)
    lost = next((tmp_path / "tests").rglob("0001.json"))
    lost.unlink()
    words = ["ab", "own-data", "--agents", *PAIR, "--users", "20", "--days", "15", "--worlds", "3", "--jobs", "1"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    assert markdown(first).splitlines()[-1] in capsys.readouterr().out
    assert lost.exists()
    assert (tmp_path / "ab.png").stat().st_size > 1000
    kept = read_scores(tmp_path / "ab.csv")
    assert markdown(kept) == markdown(first)
    (tmp_path / "ab.csv").write_text("design\nx\n")
    with pytest.raises(DataError, match="not a table of A/B tests"):
        read_scores(tmp_path / "ab.csv")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ab", "no", "--agents", *PAIR], "known designs: user-split, own-data, clusters, corpus, switchback"),
        (["ab", "all", "--agents", "uniform"], "name the one that is there"),
        (["ab", "all", "--agents", "uniform", "nobody"], "unknown agent 'nobody'"),
        (["ab", "all", "--agents", *PAIR, "--worlds", "2"], "allowed is 3 or more"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], said: str, tmp_path: Path, capsys: Any) -> None:
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
