"""A folder of results that was edited, emptied or cut is run again or refused; it never tells something else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from serendip.experiments.__main__ import main
from serendip.experiments.online.agents import parse_agent
from serendip.experiments.online.study import Study, run_study
from serendip.experiments.running.provenance import commanded
from serendip.simulator.errors import SettingsError
from serendip.simulator.world import make_world

RUN = ("run", "discovery", "--agents", "uniform", "popularity", "--seeds", "1", "--days", "3", "--jobs", "1")
UNIT = "seeds/seed-000/uniform"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    make_world("tiny", 0).save(folder / "world")
    with commanded(["run", "discovery"]):
        run_study(study_of(folder), folder / "out", Console(quiet=True), jobs=1)
    return folder


def study_of(base: Path) -> Study:
    world = str(base / "world")
    return Study("discovery", ("uniform", "popularity"), "ease-greedy", seeds=1, days=3, world=world)


@pytest.fixture
def copy(base: Path, tmp_path: Path) -> Path:
    shutil.copytree(base / "out", tmp_path / "out")
    return tmp_path / "out"


def run_again(base: Path, out: Path) -> tuple[str, ...]:
    return (*RUN, "--world", str(base / "world"), "--out", str(out))


def edit(path: Path) -> None:
    values = json.loads(path.read_text())
    values["population"]["n_users"] += 20
    path.write_text(json.dumps(values))


def test_the_study_says_where_it_comes_from(base: Path) -> None:
    found = json.loads((base / "out" / "study.json").read_text())["provenance"]
    assert found["commands"] == ["serendip run discovery"]
    assert set(found) == {"version", "commands", "inputs"}
    assert len(found["inputs"]["world"]) == 64


def test_an_edited_world_is_refused(base: Path, copy: Path, refused: Callable[..., str]) -> None:
    edit(copy / "world" / "world.json")
    shutil.rmtree(copy / UNIT)
    assert "world: changed since the study began" in refused(*run_again(base, copy))


def test_another_source_world_is_refused(base: Path, copy: Path, refused: Callable[..., str], tmp_path: Path) -> None:
    source = base / "world" / "world.json"
    before = source.read_text()
    try:
        edit(source)
        assert "its world has changed since it was begun" in refused(*run_again(base, copy))
    finally:
        source.write_text(before)


def test_a_unit_that_lost_its_table_is_run_again(base: Path, copy: Path) -> None:
    whole = (copy / UNIT / "daily.parquet").read_bytes()
    (copy / UNIT / "daily.parquet").unlink()
    run_study(study_of(base), copy, Console(quiet=True), jobs=1)
    assert (copy / UNIT / "daily.parquet").read_bytes() == whole


def test_an_emptied_and_a_swapped_table_are_not_plotted(base: Path, copy: Path, refused: Callable[..., str]) -> None:
    daily = copy / UNIT / "daily.parquet"
    daily.write_bytes(b"")
    assert "daily.parquet has 0 bytes" in refused("plot", copy)
    shutil.copyfile(copy / "seeds/seed-000/popularity/daily.parquet", daily)
    assert "which is not what was written" in refused("plot", copy)


def test_a_bad_agent_is_found_before_anything_is_written(base: Path, copy: Path, refused: Callable[..., str]) -> None:
    bad = ("uniform", "bootstrap-thompson:epochs=2")
    line = refused(
        "run", "discovery", "--world", "tiny", "--agents", *bad, "--seeds", "1", "--days", "2", "--out", copy / "new"
    )
    assert "epochs" in line
    before = (copy / "study.json").read_bytes()
    line = refused("run", "discovery", "--world", base / "world", "--agents", *bad, "--days", "3", "--out", copy)
    assert "epochs" in line
    assert (copy / "study.json").read_bytes() == before


def test_fewer_agents_are_reported_alone(base: Path, copy: Path) -> None:
    arguments = list(run_again(base, copy))
    arguments.remove("uniform")
    assert main([*arguments, "--json", str(copy / "told.json")]) == 0
    told = json.loads((copy / "told.json").read_text())
    assert [row["agent"] for row in told["agents"]] == ["popularity"]
    assert json.loads((copy / "study.json").read_text())["agents"] == ["uniform", "popularity"]


def test_no_logged_seeds_and_a_first_seed_of_0(tmp_path: Path) -> None:
    arguments = ["run", "discovery", "--world", "tiny", "--agents", "uniform", "--seeds", "1", "--days", "2"]
    assert main([*arguments, "--first-seed", "0", "--logged-seeds", "0", "--out", str(tmp_path / "out")]) == 0
    assert not (tmp_path / "out" / UNIT / "log").exists()


def test_agents_are_kept_where_that_is_asked_for_also_afterwards(base: Path, copy: Path) -> None:
    assert not (copy / UNIT / "agent").exists()
    assert main([*run_again(base, copy), "--save-agents"]) == 0
    assert (copy / UNIT / "agent" / "agent.json").is_file()
    before = (copy / UNIT / "manifest.json").stat().st_mtime_ns
    assert main([*run_again(base, copy)]) == 0  # what was kept stays
    assert (copy / UNIT / "manifest.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("ease-epsilon:epsilon=0.3", "ease-epsilon,epsilon=0.3"),
        ("ease-epsilon:epsilon=a/../../../evil", "ease-epsilon,epsilon=a%2F..%2F..%2F..%2Fevil"),
        ("uniform:x=\x1b[31m", "uniform,x=%1B[31m"),
    ],
)
def test_an_agents_text_stays_in_its_folder(text: str, folder: str) -> None:
    assert parse_agent(text).folder == folder


def test_a_long_text_has_a_short_folder_of_its_own() -> None:
    folders = {parse_agent(f"uniform:x={'a' * 500}{end}").folder for end in "bc"}
    assert len(folders) == 2
    assert max(map(len, folders)) <= 120


@pytest.mark.parametrize("change", [{"seeds": 10**9}, {"days": 10**9}, {"seeds": 60_000}])
def test_what_will_not_end_is_refused_with_its_size(change: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=f"{next(iter(change.values())):,}"):
        Study(**({"name": "s", "agents": ("uniform", "popularity"), "reference": "uniform"} | change))  # type: ignore[arg-type]
