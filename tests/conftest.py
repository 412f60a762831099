"""What every test can use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and torch read it: workers share the cores
os.environ.setdefault("MPLBACKEND", "Agg")

from pathlib import Path

import pytest
import toys as toy_files

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("api", "simulator", "agents", "envs", "experiments")


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


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a clean copy of the tree."""
    pytest.importorskip("setuptools", reason="the wheel is built without isolation")
    tree = tmp_path_factory.mktemp("tree")
    for name in FLOORS:
        shutil.copytree(root / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, tree)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tree / "dist"), str(tree)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((tree / "dist").glob("serendip-*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that finds `serendip` where the wheel was installed, and nowhere else."""
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, stderr=subprocess.DEVNULL)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(site / "bin"), os.environ.get("PATH", "")])
    return clean | {"PYTHONPATH": str(site), "PATH": path, "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
