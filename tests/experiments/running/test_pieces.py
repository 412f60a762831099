"""Pieces are finished when their manifest says so, and a folder holds one plan, version and input."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from serendip.experiments.running import folder, manifest
from serendip.experiments.running.folder import PROVENANCE, Claim, claimed
from serendip.experiments.running.pieces import Piece, run_pieces
from serendip.experiments.running.pool import Job, Tell, WorkerLostError, run_jobs
from serendip.experiments.running.progress import duration
from serendip.experiments.running.provenance import checksum, command, commanded
from serendip.simulator.errors import DataError, SettingsError


def two_files(at: Path, tell: Tell) -> None:
    at.mkdir()
    (at / "table").write_text("1 2 3")
    (at / "clock").write_text(str(os.getpid()))
    tell(1)


def folder_piece(out: Path) -> Piece:
    return Piece(out / "unit", "unit", 1, {"a": 1}, two_files, needed=("table",), varying=("clock",))


def file_piece(out: Path) -> Piece:
    return Piece(out / "file.json", "file", 1, {"a": 1}, lambda at, tell: at.write_text("1 2 3") and None)


def test_a_finished_folder_says_what_it_consists_of(tmp_path: Path) -> None:
    piece = folder_piece(tmp_path)
    assert not piece.finished()
    piece.finish()
    assert piece.finished()
    assert [p.name for p in tmp_path.iterdir()] == ["unit"]
    values = json.loads((tmp_path / "unit" / "manifest.json").read_text())
    assert values["settings"] == {"a": 1}
    assert values["files"] == {"clock": None, "table": {"bytes": 5, "sha256": checksum(tmp_path / "unit" / "table")}}


@pytest.mark.parametrize("text", ["", "1 2 31 2 3", "3 2 1", None])
def test_a_table_that_was_emptied_doubled_edited_or_lost_is_not_finished(tmp_path: Path, text: str | None) -> None:
    for piece, file in ((folder_piece(tmp_path), "unit/table"), (file_piece(tmp_path), "file.json")):
        piece.finish()
        assert piece.finished()
        (tmp_path / file).unlink()
        if text is not None:
            (tmp_path / file).write_text(text)
        assert not piece.finished()
        piece.finish()
        assert piece.finished()
        assert (tmp_path / file).read_text() == "1 2 3"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.json", "file.json.manifest", "unit"]


def test_other_settings_another_version_and_no_manifest_are_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = folder_piece(tmp_path)
    piece.finish()
    assert manifest.fault(piece.path, {"a": 2}) == "made with other settings"
    assert manifest.fault(piece.path, {"a": 1}, ("log",)) == "without log"
    monkeypatch.setattr(manifest, "version", lambda: "9.9")
    assert str(manifest.fault(piece.path, {"a": 1})).startswith("made by version")
    (piece.path / "manifest.json").write_text("[]")
    assert manifest.fault(piece.path, {"a": 1}) == "without a manifest"


def test_a_clock_may_say_anything_but_must_be_there(tmp_path: Path) -> None:
    piece = folder_piece(tmp_path)
    piece.finish()
    (tmp_path / "unit" / "clock").write_text("noon")
    assert piece.finished()
    (tmp_path / "unit" / "clock").unlink()
    assert not piece.finished()


def test_one_file_of_a_folder_is_checked_when_it_is_read(tmp_path: Path) -> None:
    folder_piece(tmp_path).finish()
    manifest.check_file(tmp_path / "unit", "table")
    (tmp_path / "unit" / "table").write_text("")
    with pytest.raises(DataError, match="table has 0 bytes, which is not what was written"):
        manifest.check_file(tmp_path / "unit", "table")


def test_a_single_file_is_checked_when_it_is_read(tmp_path: Path) -> None:
    file_piece(tmp_path).finish()
    manifest.check_whole(tmp_path / "file.json")
    for text in ("", "1 2 3 1 2 3", "3 2 1"):
        (tmp_path / "file.json").write_text(text)
        with pytest.raises(DataError, match=r"file\.json.* not what was written"):
            manifest.check_whole(tmp_path / "file.json")
    (tmp_path / "file.json.manifest").unlink()
    with pytest.raises(DataError, match="no manifest that names it"):
        manifest.check_whole(tmp_path / "file.json")


def test_a_piece_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(at: Path, tell: Tell) -> None:
        two_files(at, tell)
        raise DataError("no")

    with pytest.raises(DataError):
        Piece(tmp_path / "unit", "unit", 1, {}, fail).finish()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_swept_and_only_what_is_left_is_run(tmp_path: Path) -> None:
    folder_piece(tmp_path).finish()
    (tmp_path / ".file.json.0123.part").write_text("half")
    before, told = (tmp_path / "unit" / "clock").read_text(), StringIO()
    run_pieces([folder_piece(tmp_path), file_piece(tmp_path)], 1, Console(file=told), "steps")
    assert "1 of 2 finished before, 1 to run" in told.getvalue()
    assert (tmp_path / "unit" / "clock").read_text() == before
    assert not list(tmp_path.glob(".*"))


def test_a_worker_ended_by_the_system_is_one_sentence() -> None:
    def die(tell: Tell) -> None:
        os._exit(9)

    with pytest.raises(WorkerLostError, match="fewer --jobs"):
        run_jobs([Job("job", 1, die)], 1, Console(file=StringIO()), "steps")


def test_workers_compute_on_one_thread_and_their_errors_come_back() -> None:
    def look(tell: Tell) -> None:
        raise DataError(os.environ["OMP_NUM_THREADS"] + os.environ["MKL_NUM_THREADS"])

    with pytest.raises(DataError, match="11"):
        run_jobs([Job("job", 1, look)], 2, Console(file=StringIO()), "steps")


PLAN = {"days": 3, "agents": ["a"], "seeds": 2}


def claim(**changes: object) -> Claim:
    return Claim("plan.json", "run", PLAN | changes, grows=("agents", "seeds"), inputs={"world": "1"})


def test_a_plan_grows_where_it_may(tmp_path: Path) -> None:
    with commanded(["run", "it"]), claimed(tmp_path / "out", claim()) as plan:
        assert plan == PLAN
    with commanded(["run", "more"]), claimed(tmp_path / "out", claim(agents=["b"], seeds=1)) as plan:
        assert plan == {"days": 3, "agents": ["a", "b"], "seeds": 2}
    values = json.loads((tmp_path / "out" / "plan.json").read_text())
    assert values[PROVENANCE]["commands"] == ["serendip run it", "serendip run more"]
    assert values[PROVENANCE]["inputs"] == {"world": "1"}
    assert "version" in values[PROVENANCE]
    assert command() == "from Python"


def test_another_plan_input_or_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(wanted: Claim, match: str) -> None:
        with pytest.raises(SettingsError, match=match), claimed(tmp_path, wanted):
            pass

    with claimed(tmp_path, claim()):
        refused(claim(), "another run is at work")
    refused(claim(days=4), "holds results with days 3, not 4")
    refused(Claim("plan.json", "run", PLAN, inputs={"world": "2"}), "its world has changed")
    monkeypatch.setattr(folder, "version", lambda: "9.9")
    refused(claim(), "this is 9.9")


def test_what_cannot_work_is_said_before_anything_is_written(tmp_path: Path) -> None:
    def check() -> None:
        raise SettingsError("no")

    with pytest.raises(SettingsError), claimed(tmp_path / "out", Claim("plan.json", "run", PLAN, check=check)):
        pass
    assert not (tmp_path / "out").exists()


def test_times_in_words() -> None:
    assert [duration(s) for s in (5, 600, 7200, 4e5)] == ["5 s", "10 min", "2 h", "5 days"]
