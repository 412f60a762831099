"""Progress is told on stderr: a bar on a terminal, lines elsewhere, nothing where it is quick or not wanted."""

from __future__ import annotations

import io
import logging
import sys
import time

import pytest

from serendip.experiments.cli.training_bar import training_bar
from serendip.experiments.cli.voice import speaking, voice_of
from serendip.experiments.running import counting
from serendip.experiments.running.counting import State, counted
from serendip.experiments.running.silence import silence


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(seconds: float = 0.05) -> None:
    with counted("valuing slots") as at:
        at("valuing slots", 1, 4)
        time.sleep(seconds)


def test_what_is_quick_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    work(0.0)
    assert capsys.readouterr() == ("", "")


def test_where_it_is_piped_a_line_says_how_long_the_rest_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EVERY", 0.01)
    work()
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("  valuing slots: 1 of 4, about 0 s left\n")


def test_a_terminal_gets_a_bar_once_it_takes_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    for later, shown in ((60.0, False), (0.0, True)):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setattr(counting, "LATER", later)
        work(0.3)
        assert ("valuing slots" in terminal.getvalue()) == shown


def test_nothing_is_told_where_silence_is_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EVERY", 0.01)
    with silence():
        work()
    with speaking("quiet"):
        work()
    assert capsys.readouterr() == ("", "")


def test_work_within_work_is_told_in_the_same_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "EVERY", 0.02)
    with counted("reading") as at, training_bar(3) as advance:
        advance()
        time.sleep(0.1)
        at("reading", 1, 2)
    assert "  learning: 1 of 3" in capsys.readouterr().err


def test_the_words_say_what_is_left() -> None:
    state = State("reading")
    assert state.words() == "reading, 0 s so far"
    state._began -= 100.0  # pyright: ignore[reportPrivateUsage]
    state.at("fitting", 1, 4)
    assert state.words() == "fitting: 1 of 4, about 5 min left"


def test_verbose_tells_what_is_done_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    with speaking("verbose"):
        work(0.0)
    err = capsys.readouterr().err
    assert "INFO valuing slots\n" in err
    assert "INFO valuing slots: ended after 0 s\n" in err
    assert not logging.getLogger("serendip").handlers


def test_the_last_word_on_the_voice_counts() -> None:
    assert voice_of(["run", "--quiet", "x", "--verbose"]) == (["run", "x"], "verbose")
    assert voice_of(["run"]) == (["run"], "usual")
