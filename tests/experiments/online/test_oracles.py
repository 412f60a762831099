"""Oracles in a study: they play beside the agents, and the table shares out their lead."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from serendip.experiments.online.run import run
from serendip.experiments.online.study import Study
from serendip.experiments.online.unit import parse_agent
from serendip.simulator.interface import SettingsError
from serendip.simulator.oracle.life import live_under
from serendip.simulator.oracle.slates import Growth
from serendip.simulator.world import make_world


def test_the_table_gains_the_share_of_the_oracles_lead(tmp_path: Path) -> None:
    agents = ("uniform", "popularity", "oracle-growth")
    study = Study("lead", agents, "uniform", seeds=2, days=40, world="tiny")
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


def test_an_unknown_oracle_is_refused() -> None:
    assert parse_agent("oracle-growth:patience=2").overrides == {"patience": 2}
    with pytest.raises(SettingsError, match="oracle-myopic"):
        parse_agent("oracle-greedy")
