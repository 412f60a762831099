"""The command line: what it prints, what it refuses, and with which exit code."""

from __future__ import annotations

import errno
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serendip.agents.models import MODELS
from serendip.experiments.__main__ import main
from serendip.experiments.cli import main as cli
from serendip.experiments.cli.commands import COMMANDS
from serendip.experiments.cli.complaints import flags
from serendip.experiments.cli.list import KINDS
from serendip.simulator.errors import DataError


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line on stderr with which `arguments` are refused."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("serendip: ")
    assert err.count("\n") == 1
    return err


def test_no_arguments_print_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("serendip ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["rnu"], ["rnu", *COMMANDS]),
        (["run", "discovery", "--sedes", "3"], ["--sedes", "--seeds"]),
        (["run"], ["STUDY"]),
        (["run", "discovery", "--seeds", "many"], ["--seeds", "many"]),
        (["run", "discovery", "--seeds"], ["--seeds"]),
        (["calibrate", "ratings.csv"], ["--out"]),
        (["benchmark", "x", "--protocol", "odd"], ["--protocol", "'odd'", "strong", "last"]),
        (["learn", "x", "--out", "y", "--hidden", "many"], ["--hidden", "'many' is not a whole number"]),
        (["learn", "x", "--out", "y", "--clip", "odd"], ["--clip", "'odd' is not a number"]),
        (["evaluate", "x", "--truth", "5"], ["does not know 5"]),
        (["run", "discovery", "--sedes=\x1b[31m3"], ["?[31m3"]),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], named: list[str]
) -> None:
    line = refusal(capsys, *arguments)
    assert all(name in line for name in named)


class Fails:
    """A command that raises `error`."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def execute(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (DataError("log: row 3:\n propensity is 0"), 2, "serendip: log: row 3: propensity is 0"),
        (PermissionError(13, "Permission denied", "results"), 2, "serendip: results: Permission denied"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            2,
            "serendip: no space is left on the disk; free some, and give the same command again",
        ),
        (OSError(errno.ELOOP, "Too many levels", "x"), 2, "serendip: x: a link leads back to itself"),
        (MemoryError(), 2, "serendip: memory is used up; free some, or give fewer --jobs or something smaller"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
            2,
            "serendip: memory is used up; free some, or give fewer --jobs or something smaller",
        ),
        (DataError("a" * 900), 2, f"serendip: {'a' * 365} ... {'a' * 120}"),
        (DataError("\x1b[2Jx\u202e"), 2, "serendip: ?[2Jx?"),
        (KeyboardInterrupt(), 130, "serendip: stopped; the same command goes on where it stopped"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, line: str
) -> None:
    monkeypatch.setattr(cli, "parse", lambda _: Fails(error))
    assert main(["run"]) == code
    assert capsys.readouterr().err.strip() == line


@pytest.mark.parametrize("error", [ValueError("a bug"), OSError("no file is named")])
def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(cli, "parse", lambda _: Fails(error))
    with pytest.raises(type(error)):
        main(["run"])


def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """Start `serendip` in a process of its own."""
    command = [sys.executable, "-m", "serendip.experiments", *arguments]
    return subprocess.Popen(command, text=True, stderr=subprocess.PIPE, **options)


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way there")
def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    process = start("--help", stdout=write)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 141
    assert err == ""


def test_the_exit_code_is_that_of_the_process(tmp_path: Path) -> None:
    process = start("rnu", stdout=subprocess.PIPE, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("serendip: ")


def test_list_names_every_kind_and_says_what_each_entry_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert [line.removesuffix(":") for line in out.splitlines() if line.endswith(":")] == list(KINDS)
    assert all(len(line.split()) > 1 for line in out.splitlines() if line.startswith("  "))


def test_every_model_is_listed_with_a_description_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "models"]) == 0
    rows = [line.strip().partition(" ") for line in capsys.readouterr().out.splitlines()[1:]]
    assert {name for name, _, _ in rows} == set(MODELS)
    assert len({what.strip() for _, _, what in rows}) == len(MODELS)


def test_list_refuses_an_unknown_kind(capsys: pytest.CaptureFixture[str]) -> None:
    line = refusal(capsys, "list", "unicorns")
    assert "unicorns" in line
    assert all(kind in line for kind in KINDS)


def test_every_subcommand_explains_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    for name, path in COMMANDS.items():
        assert main([name, "--help"]) == 0
        out = capsys.readouterr().out
        for flag in flags(pkgutil.resolve_name(path)):
            assert flag in out or f"--no-{flag[2:]}" in out  # what is on is switched off
