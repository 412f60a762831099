"""Every block of README and docs runs, in an empty folder, against an installed wheel.

Those of the first pages as they stand; those of the others by smaller numbers, one process for all of a page.  What
takes hours, or data that are somewhere else, is marked `long`, and only its words are looked at.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serendip.experiments.cli.parsing import parse

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = ("README.md", *sorted(path.relative_to(Path(__file__).parents[2]).as_posix()
                              for path in (Path(__file__).parents[2] / "docs").glob("*.md")))  # fmt: skip
AS_THEY_STAND = ("README.md", "docs/start.md")
ELSEWHERE = "docs/reference.md"  # whose examples are those of the docstrings (tests/api/test_python.py)
DRIVER = """
import json, sys
from serendip.experiments.__main__ import main
for words in json.loads(sys.argv[1]):
    code = main(words)
    if code:
        sys.exit(f"{words}: exit code {code}")
"""
SMALL = {  # what a command is given in place of what the page says
    "run": {"--days": "20", "--seeds": "1", "--jobs": "1"},
    "bandits": {"--bandits": "bernoulli", "--beliefs": "beta", "--horizon": "20", "--runs": "2", "--jobs": "1"},
    "beliefs": {"--world": "tiny", "--seeds": "1", "--days": "4", "--epochs": "1", "--draws": "4", "--jobs": "1"},
}


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Return (language, what stands after it, text) of each block."""
    return [(kind, rest.strip(), text) for kind, rest, text in BLOCK.findall(page.read_text(encoding="utf-8"))]


def commands(text: str) -> list[list[str]]:
    """Return the commands of `serendip` in a shell block, without comments."""
    lines = text.replace("\\\n", " ").splitlines()
    found = [shlex.split(line, comments=True) for line in lines if line.strip()]
    return [words for words in found if words and words[0] == "serendip"]


def small(words: list[str]) -> list[str]:
    """Return a command with smaller numbers; a study of many agents with one, in a world that is small."""
    words, verb = list(words), words[1]
    for flag, value in SMALL.get(verb, {}).items():
        if flag not in words:
            words += [flag, value]
        elif flag in ("--days", "--seeds") and int(words[words.index(flag) + 1]) > int(value):
            words[words.index(flag) + 1] = value
    if verb == "run" and "--world" not in words:
        words += ["--world", "tiny"]
    if verb == "run" and "--agents" in words:
        first = words.index("--agents") + 1
        n = next((at for at, word in enumerate(words[first:]) if word.startswith("--")), len(words) - first)
        if n > 2:
            words[first : first + n] = ["uniform"]
    return words[1:]


def run(code: str, *words: str, cwd: Path, installed: dict[str, str]) -> str:
    """Return what Python prints, which must do well, with the wheel's `serendip` alone."""
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=cwd, capture_output=True, text=True, env=installed, check=False
    )
    assert done.returncode == 0, f"{words or code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", [page for page in PAGES if page != ELSEWHERE])
def test_every_block_of_a_page_runs(
    root: Path, tmp_path: Path, installed: dict[str, str], write_ratings: Any, page: str
) -> None:
    found = blocks(root / page)
    given = [words for kind, rest, text in found if kind == "sh" and not rest for words in commands(text)]
    shell = [words[1:] if page in AS_THEY_STAND else small(words) for words in given]
    python = "\n".join(text for kind, _, text in found if kind == "python")  # a reader goes on in one session
    write_ratings(tmp_path / "ratings.csv")
    if shell:
        once = [list(words) for words in dict.fromkeys(map(tuple, shell))]
        run(DRIVER, json.dumps(once), cwd=tmp_path, installed=installed)
    said = run(python, cwd=tmp_path, installed=installed) if python else ""
    if page == "README.md":
        assert len(shell) >= 6
        assert "clicks in 20 days" in said
        assert (tmp_path / "activity.png").exists()
    if page == "docs/start.md":
        assert (tmp_path / "mine.png").exists()


def test_blocks_are_marked_by_known_words_alone(root: Path) -> None:
    marks = {rest for page in PAGES for kind, rest, _ in blocks(root / page) if kind == "sh"}
    assert marks <= {"", "make", "long"}


def test_it_is_the_wheel_that_runs(installed: dict[str, str], tmp_path: Path) -> None:
    where = run("import serendip; print(serendip.__file__)", cwd=tmp_path, installed=installed)
    assert Path(where.strip()).is_relative_to(installed["PYTHONPATH"])
    script = Path(installed["PYTHONPATH"]) / "bin" / "serendip"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, env=installed, check=True)
    assert done.stdout.startswith("serendip ")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_can_be_given(root: Path, page: str) -> None:
    for kind, rest, text in blocks(root / page):
        for words in commands(text) if kind == "sh" and rest != "make" else []:
            assert parse(words[1:]) is not None, words


def test_the_readme_is_no_wall(root: Path) -> None:
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
