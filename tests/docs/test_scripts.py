"""Every tutorial and every known failure runs as it stands."""

from __future__ import annotations

import runpy
from pathlib import Path

import matplotlib
import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "docs").glob("[tf]*s/[tf][0-9]*.py"))
NEEDS = {"t6_train_ppo": "stable_baselines3", "t9_play": "starlette"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_it_runs(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if script.stem in NEEDS:
        pytest.importorskip(NEEDS[script.stem])
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out
    assert not list(tmp_path.iterdir()), "a script leaves files where it is started"


def test_there_are_nine_lessons_and_as_many_warnings_as_the_index_says() -> None:
    stems = [script.stem for script in SCRIPTS]
    assert sum(stem.startswith("t") for stem in stems) == 9
    assert sum(stem.startswith("f") for stem in stems) == 8
