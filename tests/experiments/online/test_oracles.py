"""Oracles in a study: they play beside the agents, and the table shares out their lead."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from serendip.agents import registry
from serendip.experiments.online.agents import parse_agent
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.run import run
from serendip.experiments.online.study import Study
from serendip.simulator.errors import SettingsError
from serendip.simulator.oracle.bound import upper_bound
from serendip.simulator.oracle.life import live_under
from serendip.simulator.oracle.slates import Growth
from serendip.simulator.world import make_world


def test_the_table_gains_the_share_of_the_oracles_lead(tmp_path: Path) -> None:
    agents = ("uniform", "popularity", "oracle-growth")
    study = Study("lead", agents, "uniform", seeds=2, days=40, world="tiny", save_agents=True)
    console = Console(file=io.StringIO(), width=120)
    values = run(study, tmp_path / "out", console, jobs=1)
    share = {row["agent"]: row["gap_closed"] for row in values["agents"]}
    assert share["uniform"] == 0.0
    assert share["oracle-growth"] == 1.0
    assert share["popularity"] < 1.0
    assert "share of the oracle's lead" in (tmp_path / "out" / "summary.md").read_text()
    saved = json.loads(
        (tmp_path / "out" / "seeds" / "seed-000" / "oracle-growth" / "agent" / "oracle.json").read_text()
    )
    assert saved["name"] == "oracle-growth"
    low = [row["low_visitors"]["value"] for row in values["agents"] if row["agent"] == "oracle-growth"]
    lives = [live_under(make_world("tiny", seed), Growth(), 40) for seed in (0, 1)]
    assert low[0] == pytest.approx(sum(float(life.visitors[-10:, 0].mean()) for life in lives) / 2)


def test_without_an_oracle_the_table_is_as_it_was(tmp_path: Path) -> None:
    study = Study("lead", ("uniform",), "uniform", seeds=1, days=8, world="tiny")
    values = run(study, tmp_path / "out", Console(file=io.StringIO(), width=80), jobs=1)
    assert values["agents"][0]["gap_closed"] is None
    assert "oracle" not in (tmp_path / "out" / "summary.md").read_text()


def _slow_if_neural(name: str) -> Any:
    """Return the agent as a test's parameter; what takes seconds to learn runs with the long studies."""
    return pytest.param(name, marks=pytest.mark.slow) if "vae" in name or "dae" in name else name


class Lives:
    """Counts the visits and clicks of each user."""

    def __init__(self, n_users: int) -> None:
        self.visits, self.clicks = np.zeros(n_users, int), np.zeros(n_users, int)

    def came(self, day: int, users: Any) -> None:
        self.visits[users] += 1

    def saw(self, visits: Any, slates: Any, feedback: Any, version: int) -> None:
        self.clicks[visits.user_ids] += feedback.clicked.sum(axis=1)

    def night(self, day: int, state: Any) -> None:
        pass


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", [_slow_if_neural(name) for name in registry.names()])
def test_no_agent_beats_the_bound(name: str, seed: int) -> None:
    """User by user: who knows all luck sees every visit and click that any agent gets.  Agents learn twice."""
    world, days = make_world("tiny", seed), 24
    agent = registry.make(name, world.items, world.settings.slate_size, seed)
    lives, bound = Lives(world.n_users), upper_bound(world, days)
    live(world, agent, Schedule(days=days, update_every=12), [lives])
    assert (lives.visits <= bound.visits_of).all()
    assert (lives.clicks <= bound.clicks_of).all()


def test_an_unknown_oracle_is_refused() -> None:
    assert parse_agent("oracle-growth:patience=2").overrides == {"patience": 2}
    with pytest.raises(SettingsError, match="oracle-myopic"):
        parse_agent("oracle-greedy")
