"""What every test can use."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and torch read it: workers share the cores
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest

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
