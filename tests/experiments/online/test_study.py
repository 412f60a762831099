"""A study: finished piece by piece, the same bytes whatever interrupts it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from serendip.agents import registry
from serendip.experiments.online.agents import parse_agent
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.results import read_results
from serendip.experiments.online.study import Study, a_day_in_words, read_study, run_study, unit_folder
from serendip.experiments.online.unit import Unit
from serendip.experiments.running.lock import alone_in
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.logs import open_log
from serendip.simulator.world import make_world

STUDY = Study(name="discovery", agents=("uniform", "popularity"), reference="uniform", seeds=2, days=10, world="tiny")


def fingerprint(folder: Path) -> dict[str, str]:
    """Return a hash of every file but the clocks."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in ("clock.json", ".lock"))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def quiet() -> Console:
    return Console(file=StringIO())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("study") / "out"
    run_study(STUDY, out, quiet(), jobs=2)
    return out


def run_unit(folder: Path, agent: str, batch_size: int) -> dict[str, str]:
    make_world("tiny", 0).save(folder / "world")
    unit = Unit(folder / "unit", folder / "world", agent, 5, Schedule(12, 5, batch_size), logged=True)
    unit.run()
    assert unit.finished()
    return fingerprint(folder)


@pytest.mark.parametrize("name", [*registry.names(), "bootstrap-thompson:hypothesis=visit"])
def test_the_same_bytes_again_and_in_batches_of_another_size(name, tmp_path):
    runs = [run_unit(tmp_path / str(index), name, batch_size) for index, batch_size in enumerate((0, 0, 11))]
    assert runs[0] == runs[1]
    assert runs[0] == runs[2]


def test_a_log_can_be_read_back(finished):
    log = open_log(unit_folder(finished, 0, "popularity") / "log")
    decisions = log.decisions()
    counts = read_results(finished).counts["popularity"][0]
    assert len(decisions) == 3 * counts[:, :, 2].sum()
    assert decisions.clicked.sum() == counts[:, :, 3].sum()
    assert log.meta.world is not None
    assert decisions.state is not None
    assert decisions.state.shape == (len(decisions), 3)


def test_only_the_first_seeds_are_logged(finished):
    assert (unit_folder(finished, 0, "uniform") / "log" / "meta.json").exists()
    assert not (unit_folder(finished, 1, "uniform") / "log").exists()


def test_a_second_call_runs_nothing_again(finished):
    before = {p: p.stat().st_mtime_ns for p in finished.rglob("daily.parquet")}
    run_study(STUDY, finished, quiet())
    assert before == {p: p.stat().st_mtime_ns for p in finished.rglob("daily.parquet")}


def test_what_a_day_over_a_large_catalogue_takes_is_said_beforehand(tmp_path):
    """2,000 users who come with 1 - (16 / 17)^2 = .114, 3 slates each: 685 slates, 1.4e8 scores over 200,000 items."""
    world = make_world("default", 0).settings
    large = replace(world, catalogue=replace(world.catalogue, n_items=200_000))
    assert a_day_in_words(large).startswith("a day is some 685 slates over 200,000 items, 137,024,221 scores")
    assert "about 1 s of a core each" in a_day_in_words(large)
    (tmp_path / "large.json").write_text('{"base": "tiny", "name": "large", "catalogue": {"n_items": 50000}}')
    study = Study("one", agents=("uniform",), reference="uniform", world=str(tmp_path / "large.json"), seeds=1, days=1)
    said = StringIO()
    run_study(study, tmp_path / "out", Console(file=said, width=200), jobs=1)
    assert said.getvalue().startswith("a day is some ")
    again = StringIO()
    run_study(study, tmp_path / "out", Console(file=again, width=200), jobs=1)
    assert "a day is some" not in again.getvalue()


def test_agents_can_be_added(finished, tmp_path):
    out = tmp_path / "out"
    run_study(replace(STUDY, agents=("uniform",), seeds=1), out, quiet(), jobs=1)
    study = run_study(replace(STUDY, agents=("popularity",), seeds=1), out, quiet(), jobs=1)
    assert study.agents == ("uniform", "popularity") == read_study(out).agents
    assert read_results(out).seeds == (0,)
    assert fingerprint(unit_folder(out, 0, "popularity")) == fingerprint(unit_folder(finished, 0, "popularity"))


@pytest.mark.parametrize("change", [{"days": 11}, {"world": "default"}, {"update_every": 2}])
def test_another_study_is_not_mixed_in(finished, change):
    with pytest.raises(SettingsError, match=f"holds results with {next(iter(change))}"):
        run_study(replace(STUDY, **change), finished, quiet())


def test_a_strangers_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SettingsError, match="not empty"):
        run_study(STUDY, tmp_path, quiet())
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_runs_do_not_share_a_folder(finished):
    with alone_in(finished), pytest.raises(SettingsError, match="another run is at work here"):
        run_study(STUDY, finished, quiet())
    run_study(STUDY, finished, quiet())


def test_results_of_nothing(tmp_path):
    with pytest.raises(DataError, match="not a folder that `serendip run` wrote"):
        read_results(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nobody", "unknown agent 'nobody'; known agents: uniform"),
        ("uniform:epsilon", "'epsilon' has no value"),
        ("uniform:a=1,a=2", "a is given twice"),
    ],
)
def test_agents_that_cannot_be(text, message):
    with pytest.raises(SettingsError, match=message):
        parse_agent(text)


def test_agents_with_other_settings():
    spec = parse_agent("popularity:epsilon=0.3")
    assert (spec.name, spec.overrides, spec.folder) == ("popularity", {"epsilon": 0.3}, "popularity,epsilon=0.3")


def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(finished, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-m", "serendip.experiments", "run", "discovery", "--world", "tiny", "--agents",
               "uniform", "popularity", "--seeds", "2", "--days", "10", "--jobs", "1", "--out", str(out)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(out.glob("seeds/*/*/daily.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = len(list(out.glob("seeds/*/*/daily.parquet")))
    assert done >= 1
    assert not (out / "summary.json").exists()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert fingerprint(out / "seeds") == fingerprint(finished / "seeds")
    assert not list(out.glob("seeds/*/.*"))


def test_progress_reaches_every_day(tmp_path):
    make_world("tiny", 0).save(tmp_path / "world")
    days = list[int]()
    Unit(tmp_path / "u", tmp_path / "world", "uniform", 0, Schedule(6), logged=False).run(days.append)
    assert days == [1, 2, 3, 4, 5, 6]


def test_measures_add_up(finished):
    results = read_results(finished)
    for agent in results.agents:
        assert np.all(results.daily(agent, "users") == 100)
        assert np.all(results.daily(agent, "slates") >= results.daily(agent, "visitors"))
        assert np.all(results.daily(agent, "slates") >= results.daily(agent, "clicks"))
        assert np.all(np.diff(results.daily(agent, "alive"), axis=1) <= 0)


def test_a_unit_whose_log_is_wanted_and_lacking_is_not_finished(tmp_path):
    """As when `logged_seeds` is raised: it is run again, to the same daily table, and then has its log."""
    make_world("tiny", 0).save(tmp_path / "world")
    settings = (tmp_path / "u", tmp_path / "world", "uniform", 0, Schedule(3))
    Unit(*settings, logged=False).run()
    daily = (tmp_path / "u" / "daily.parquet").read_bytes()
    assert Unit(*settings, logged=False).finished()
    wanted = Unit(*settings, logged=True)
    assert not wanted.finished()
    wanted.run()
    assert wanted.finished()
    assert open_log(tmp_path / "u" / "log").decisions().day.max() == 2
    assert (tmp_path / "u" / "daily.parquet").read_bytes() == daily
