"""Agents of one's own: from a file, a class, a package, a plug-in or a folder, beside the shipped ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import serendip
from serendip.agents import AGENTS
from serendip.agents.own import AgentError
from serendip.simulator.errors import DataError, SettingsError

MINE = '''
"""An agent of my own."""
import numpy as np
import serendip


class Mine(serendip.Agent):
    """Shows what others clicked most, now and then something else."""

    def __init__(self, items, slate_size, seed, epsilon=0.1):
        super().__init__(items, slate_size, seed)
        self.epsilon = epsilon
        self.clicks = np.zeros(items.n_items)

    def choose(self, visits, luck):
        score = np.where(visits.available, self.clicks, -1.0) + 1e-6 * luck.uniforms(len(self.clicks))
        return np.argsort(-score, axis=1)[:, : self.slate_size]

    def observe(self, visits, slates, feedback):
        super().observe(visits, slates, feedback)
        np.add.at(self.clicks, slates.items, feedback.clicked)
'''


class Fixed(serendip.Agent):
    """Shows the first items that are there."""

    def choose(self, visits: Any, luck: Any) -> Any:
        first = np.flatnonzero(visits.available)[: self.slate_size]
        return np.tile(first, (len(visits), 1))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "my_file.py"
    path.write_text(MINE)
    return path


@pytest.fixture(autouse=True)
def _nobody_stays() -> Any:
    yield
    for card in AGENTS.admitted():
        AGENTS.dismiss(card.name)


def command(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from serendip.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(
        run, capture_output=True, text=True, cwd=cwd, check=False, env=os.environ | {"COLUMNS": "200"}
    )


def test_agents_of_ones_own_keep_the_contract(mine: Path) -> None:
    serendip.check_agent(Fixed)
    serendip.add(f"{mine}:Mine")
    serendip.check_agent(AGENTS.card("Mine"), epsilon=0.3)


def bad(name: str, choose: Any) -> Any:
    return type(name, (serendip.Agent,), {"choose": choose})


@pytest.mark.parametrize(
    ("choose", "sentence"),
    [
        (lambda self, visits, luck: np.zeros((len(visits), 2), int), "expected .*, 3.*: a row for each visit"),
        (lambda self, visits, luck: np.zeros((len(visits), 3), int), "showed an item twice"),
        (lambda self, visits, luck: np.tile([0, 1, 5], (len(visits), 1)), "an item that is not available"),
        (lambda self, visits, luck: np.tile([0, 1, 99], (len(visits), 1)), "an item outside 0 to 16"),
        (lambda self, visits, luck: np.tile([0.0, 1, 2], (len(visits), 1)), "expected whole numbers"),
        (
            lambda self, visits, luck: (np.tile([0, 1, 2], (len(visits), 1, 1)), np.full((len(visits), 1), 0.9)),
            "probabilities that are none",
        ),
        (
            lambda self, visits, luck: np.argsort(np.random.default_rng().random((len(visits), 5)), axis=1)[:, :3],
            "differ from those that act gave|the likely cause is",
        ),
    ],
)
def test_what_an_agent_does_wrong_is_named_with_its_likely_cause(choose: Any, sentence: str) -> None:
    with pytest.raises(AgentError, match=sentence):
        serendip.check_agent(bad("Bad", choose))


def test_a_class_in_python_runs_beside_the_shipped_agents(tmp_path: Path) -> None:
    results = serendip.run(
        [Fixed, "ease-greedy"], "tiny", seeds=1, days=4, jobs=2, out=tmp_path / "out", quiet=True, logged_seeds=1
    )
    assert results.agents == ("Fixed", "ease-greedy")
    assert set(results.daily.where(agent="Fixed")["day"]) == {0, 1, 2, 3}
    log = results.log("Fixed")
    found = serendip.evaluate(log, "Fixed")
    assert found.value is not None
    assert found.evaluation.diagnostics["mean_weight"] == pytest.approx(1.0, abs=1e-9)


def test_a_file_on_the_command_line_runs_in_the_workers_and_a_folder_never_runs_it(mine: Path, tmp_path: Path) -> None:
    run = ("run", "discovery", "--world", "tiny", "--days", "3", "--seeds", "1", "--jobs", "2", "--out", "out")
    done = command(*run, "--agents", "my_file.py:Mine:epsilon=0.2", "uniform", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    meta = next((tmp_path / "out" / "seeds" / "seed-000").glob("my_file.py.Mine*/log/meta.json"))
    assert json.loads(meta.read_text())["agents"][0]["settings"] == {"epsilon": 0.2}
    mine.write_text("raise RuntimeError('run')")
    assert command("plot", "out", cwd=tmp_path).returncode == 0  # drawn from tables alone
    assert command(*run, "--agents", "uniform", cwd=tmp_path).returncode == 0  # what was not named is not imported
    again = command(*run, "--agents", "my_file.py:Mine:epsilon=0.3", "uniform", cwd=tmp_path)
    assert again.returncode == 2
    assert "my_file.py: importing it failed (RuntimeError: run)" in again.stderr


def test_from_a_python_c_with_a_class_of_its_own_and_from_a_package(tmp_path: Path) -> None:
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "__init__.py").write_text("")
    (tmp_path / "my_package" / "agents.py").write_text(MINE)
    code = MINE + (
        "\nresults = serendip.run([Mine, 'my_package.agents:Mine'], 'tiny', seeds=1, days=3, jobs=2, quiet=True)\n"
        "print(results.agents, len(results.daily))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=2)[:2] == ["('Mine',", "'my_package.agents:Mine')"]


def test_a_saved_agent_runs_from_its_folder(tmp_path: Path) -> None:
    world = serendip.load("tiny", seed=0)
    agent = serendip.make("ease-greedy", world)
    agent.update()
    agent.save(tmp_path / "saved")
    results = serendip.run([tmp_path / "saved"], "tiny", seeds=1, days=3, jobs=1, quiet=True)
    assert results.agents == (str(tmp_path / "saved"),)
    with pytest.raises(SettingsError, match="an agent for 64 items and slates of 3; here are 1000 items"):
        serendip.run([tmp_path / "saved"], "default", seeds=1, days=1, jobs=1, quiet=True)


def test_an_own_agent_s_folder_says_that_its_code_is_elsewhere(tmp_path: Path) -> None:
    serendip.add(Fixed)
    serendip.make("Fixed", serendip.load("tiny")).save(tmp_path / "fixed")
    with pytest.raises(DataError, match="whose code a folder cannot bring along"):
        serendip.load(tmp_path / "fixed")


def test_a_plug_in_is_known_by_its_name(tmp_path: Path) -> None:
    info = tmp_path / "plug-1.0.dist-info"
    info.mkdir()
    (tmp_path / "plug.py").write_text(MINE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[serendip.agents]\nplugged = plug:Mine\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    code = (
        "import serendip; assert 'plugged' in serendip.list('agents')\n"
        "print(serendip.run(['plugged'], 'tiny', seeds=1, days=3, jobs=2, quiet=True).agents)"
    )
    env = os.environ | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "('plugged',)"
