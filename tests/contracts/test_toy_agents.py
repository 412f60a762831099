"""A toy strategy, belief, model and agent from one file each: listed, explained, and run from the command line.

That they keep the contracts is seen by the contract tests, which take them in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import toys as toy_files

from serendip.agents.registry import options
from serendip.experiments.__main__ import main
from serendip.simulator.errors import SettingsError

LINES = {
    "strategies": "toy-strategy  Thompson sampling for who is afraid of it",
    "beliefs": "The same doubt everywhere",
    "models": "What was clicked together",
    "agents": "A toy of toys",
}


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("kind", LINES)
def test_toys_are_listed_with_their_sentence(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", kind]) == 0
    said = " ".join(capsys.readouterr().out.split())  # whatever the width of the column of names
    assert " ".join(LINES[kind].split()) in said


@pytest.mark.usefixtures("toys")
def test_an_agent_is_shown_with_its_settings_their_ranges_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "agent", "toy-agent"]) == 0
    out = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert out["toy-agent:"] == "toy-agent: A toy of toys."
    assert out["strategy.tries"].split()[1:5] == ["2", "1", "to", "1,000,000"]
    assert out["belief.temperature"].split()[1:5] == ["1.0", "0", "or", "more"]
    assert "how much more a pair counts that many clicked." in out["model.power"]
    with pytest.raises(SettingsError, match=r"unknown agent 'no'; known agents: .*toy-agent"):
        options("no")


def test_a_plugin_runs_from_the_command_line_in_workers_too(tmp_path: Path, root: Path) -> None:
    """Installed parts are found by every process; an agent is told by name, or put together there."""
    toy_files.write_plugin(tmp_path)
    path = os.pathsep.join([str(tmp_path), str(root / ".typings"), os.environ.get("PYTHONPATH", "")])
    agents = ["toy-agent", "toy-strategy:belief=ensemble,model=toy-model,members=2"]
    command = [sys.executable, "-m", "serendip.experiments", "run", "discovery", "--world", "tiny", "--agents", *agents]
    run = [*command, "--seeds", "1", "--days", "3", "--jobs", "1", "--out", "results"]
    done = subprocess.run(
        run, cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "toy-agent" in done.stdout
