"""The reference page is the code's own words, and a user's typed file passes the strictest check."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def test_the_reference_page_is_what_the_code_says(root: Path) -> None:
    spec = importlib.util.spec_from_file_location("reference", root / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), "run `python docs/reference.py`"


USER = """
import serendip
from serendip.simulator.interface import Feedback, Ints, Slates, Visits


class Mine(serendip.Agent):
    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        super().observe(visits, slates, feedback)


results = serendip.run(["uniform", "ease-greedy"], "tiny", seeds=1, days=2, quiet=True)
lifts: list[dict[str, object]] = results.lifts(over="uniform").to_pylist()
estimate = serendip.evaluate("log", "ease-greedy", estimators=["snips"])
verdict: str = estimate.verdict
value: float | None = estimate.value
sent: list[str] = results.export("sent.zip", format=["pdf"], logs=True)
differences: list[dict[str, object]] = results.compare(results).to_pylist()
late = serendip.evaluate("log", "ease-greedy", outcome="activity", horizon=60, last=20, twin=False)
sound: bool = serendip.audit("log").sound
gain: float | None = serendip.learn("log", objective="dr", out="agent").gain.value
best: str = serendip.benchmark("ratings.csv", ["ease"], user="listener").markdown
fit: str = serendip.calibrate("ratings.csv", items="movies.csv", columns={"user": "listener"}).report()
world: serendip.World = serendip.load("tiny")
version: str = serendip.__version__
"""


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_a_user_s_file_passes_strictly(root: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("# pyright: strict, reportUnusedImport=false\n" + USER)
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{root / ".typings"}"], "pythonVersion": "3.11"}}')
    done = subprocess.run(["pyright", "-p", str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "0 errors" in done.stdout, done.stdout
