"""Folders and agents whose names could be taken for something else: an address, markup, a setting, another folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.online.agents import read_agent

RUN = ["run", "discovery", "--world", "tiny", "--agents", "uniform", "--seeds", "1", "--days", "2"]
SMALL = [*RUN, "--jobs", "1", "--save-agents"]


@pytest.mark.parametrize("name", ["s3:x[red]é[/red]", "a:b[/c]"])
def test_a_folder_may_be_called_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Parquet's library takes `s3:x` for an address, and rich `[red]` for a colour."""
    monkeypatch.chdir(tmp_path)
    assert main([*SMALL, "--out", name]) == 0
    assert f"results in {name}" in " ".join(capsys.readouterr().out.split())
    unit = f"{name}/seeds/seed-000/uniform"
    assert Path(unit, "daily.parquet").is_file()
    assert main(["evaluate", f"{unit}/log", f"--target={unit}/agent", "--estimators", "ips"]) == 0
    assert main(["audit", f"{unit}/log"]) == 0
    assert main(["plot", name]) == 0


def test_an_agent_of_a_folder_with_a_colon_is_that_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a:b").mkdir()
    Path("a:b", "agent.json").write_text("{}")
    assert read_agent("a:b").name == "a:b"
    assert read_agent("ease-epsilon:epsilon=0.3").overrides == {"epsilon": 0.3}


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 100_000])
def test_a_setting_that_no_number_holds_is_text(value: str) -> None:
    assert read_agent(f"ease-epsilon:epsilon={value}").overrides == {"epsilon": value}
