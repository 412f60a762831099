"""A folder of results as `serendip run` leaves it, made up in an instant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.study import STUDY, Study, unit_folder
from serendip.experiments.online.unit import DAILY
from serendip.experiments.running.folder import PROVENANCE
from serendip.experiments.running.manifest import NAME, describe
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.settings_json import settings_to_json, write_json
from serendip.simulator.world import make_world

AGENTS = (
    *("ease-greedy", "uniform", "popularity", "ease-epsilon", "vae-greedy", "vae-thompson", "bootstrap-thompson"),
    *("popularity-thompson", "bootstrap-top-two", "bootstrap-ucb", "ease-boltzmann", "ease-posterior-thompson"),
    *("ease-squarecb", "field-thompson", "mf-thompson", "oracle-growth"),
)


def make_results(out: Path, agents: tuple[str, ...], seeds: int, days: int) -> Path:
    """Write a study of made-up counts: activity grows with the agent's place in the list."""
    study = Study("discovery", agents, agents[0], seeds=seeds, days=days, world="tiny")
    make_world("tiny", 0).save(out / "world")
    provenance = {"version": "0", "commands": ["serendip run <discovery> & more"], "inputs": {"world": "ab" * 32}}
    write_json(out / STUDY, settings_to_json(study) | {PROVENANCE: provenance})
    rng = np.random.default_rng(0)
    for seed in study.seed_numbers():
        luck = rng.uniform(0.95, 1.05, (days, 3))
        for at, agent in enumerate(agents):
            _unit(unit_folder(out, seed, agent), luck * (1.0 + 0.1 * at * np.linspace(0.0, 1.0, days)[:, None]), rng)
    return out


def _unit(folder: Path, growth: Any, rng: np.random.Generator) -> None:
    """Write one agent under one seed, with daily counts (n_days, n_groups) that are a multiple of `growth`."""
    folder.mkdir(parents=True)
    scale = {"users": 600.0, "alive": 590.0, "visitors": 60.0, "slates": 120.0, "clicks": 30.0, "liked_known": 900.0}
    columns: dict[str, Any] = {"group": list(ACTIVITY_GROUPS) * len(growth)}
    for name in COUNTS:
        moved = growth if name in ("visitors", "clicks", "liked_known") else np.ones_like(growth)
        columns[name] = (scale.get(name, 10.0) * moved * rng.uniform(0.99, 1.0, growth.shape)).ravel()
    pq.write_table(pa.table(columns), folder / DAILY)
    write_json(folder / "clock.json", {"update_seconds": []})
    write_json(folder / NAME, describe(folder, {}, ("clock.json",)))


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three agents, three seeds, twelve days."""
    return make_results(tmp_path_factory.mktemp("small") / "out", AGENTS[:3], 3, 12)


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen agents, five seeds, 240 days."""
    return make_results(tmp_path_factory.mktemp("large") / "out", AGENTS, 5, 240)
