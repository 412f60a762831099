"""A training that takes longer than two seconds shows a bar, on a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from serendip.experiments.cli import training_bar as bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("quiet", "shown"), [(60.0, False), (-1.0, True)])
def test_a_bar_is_shown_after_a_while(monkeypatch: pytest.MonkeyPatch, quiet: float, shown: bool) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(bars, "_QUIET", quiet)
    with bars.training_bar(3) as advance:
        for _ in range(3):
            advance()
    assert ("learning" in terminal.getvalue()) == shown


def test_nothing_is_printed_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_QUIET", -1.0)
    with bars.training_bar(3) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
