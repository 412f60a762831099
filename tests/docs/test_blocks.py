"""Every block of the README runs as it stands, in an empty folder; every command of the other pages can be given."""

from __future__ import annotations

import os
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


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Return (language, what stands after it, text) of each block."""
    return [(kind, rest.strip(), text) for kind, rest, text in BLOCK.findall(page.read_text(encoding="utf-8"))]


def commands(text: str) -> list[list[str]]:
    """Return the commands of `serendip` in a shell block, without comments."""
    lines = text.replace("\\\n", " ").splitlines()
    found = [shlex.split(line, comments=True) for line in lines if line.strip()]
    return [words for words in found if words and words[0] == "serendip"]


@pytest.mark.parametrize("page", ["README.md", "docs/start.md"])
def test_every_block_of_the_first_pages_runs_in_an_empty_folder(
    root: Path, tmp_path: Path, write_ratings: Any, page: str
) -> None:
    write_ratings(tmp_path / "ratings.csv")
    environment = os.environ | {"MPLBACKEND": "agg"}
    main = "import sys; from serendip.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"
    found = blocks(root / page)
    shell = [words for kind, rest, text in found if kind == "sh" and rest != "make" for words in commands(text)]
    python = "\n".join(text for kind, _, text in found if kind == "python")  # a reader goes on in one session
    out = ""
    for step in [*([main, *words[1:]] for words in shell), [python]]:
        run = [sys.executable, "-c", *step]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"
        out = done.stdout
    if page == "README.md":
        assert len(shell) >= 6
        assert "clicks in 20 days" in out
        assert (tmp_path / "activity.png").exists()
    else:
        assert len(shell) >= 4
        assert (tmp_path / "mine.png").exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_can_be_given(root: Path, page: str) -> None:
    for kind, rest, text in blocks(root / page):
        for words in commands(text) if kind == "sh" and rest != "make" else []:
            assert parse(words[1:]) is not None, words


def test_the_readme_is_no_wall(root: Path) -> None:
    assert len((root / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
