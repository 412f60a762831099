"""What every test can use."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and torch read it: workers share the cores
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest
import toys as toy_files

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder with public data sets; tests that need it are skipped where it is not."""
    places = [os.environ.get("SERENDIP_DATA"), ROOT.parent / "shared" / "data", ROOT.parents[1] / "shared" / "data"]
    for place in places:
        if place and Path(place).is_dir():
            return Path(place)
    pytest.skip(f"no data sets in {ROOT.parent / 'shared' / 'data'}; SERENDIP_DATA can name another folder")


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A toy strategy, belief, model and agent, taken in as a person would: one file, one line."""
    from serendip.agents import AGENTS
    from serendip.agents.beliefs import BELIEFS
    from serendip.agents.models import MODELS
    from serendip.agents.strategies import STRATEGIES

    folder = tmp_path_factory.mktemp("toys")
    toy_files.write(folder)
    registries = {"strategy": STRATEGIES, "belief": BELIEFS, "model": MODELS, "agent": AGENTS}
    for kind, registry in registries.items():
        registry.admit(f"{folder / f'toy_{kind}.py'}:CARD")
    yield
    for kind, registry in registries.items():
        registry.dismiss(f"toy-{kind}")
