"""Text from files, names and flags is read on a terminal, and does nothing else there."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from serendip.experiments.running.screen import LONGEST, Screen, one_line, printable


def shown(*what: object, **options: bool) -> str:
    out = StringIO()
    Screen(file=out, width=80, **options).print(*what)
    return out.getvalue()


@pytest.mark.parametrize("text", ["a[/b]", "[red]x[/red]", "a:b :smile:", "[link=x]y", "\\[bold]"])
def test_markup_and_emoji_codes_are_text(text: str) -> None:
    assert shown(text) == f"{text}\n"


def test_nothing_steers_the_terminal_wherever_it_stands() -> None:
    evil = "a\x1b[2J\x9b1m\x07\rb\u202e\udcff"
    table = Table(title=evil, caption=evil)
    table.add_column(evil)
    table.add_row(evil)
    table.add_row(Text(evil, "bold"))
    for what in (evil, Text(evil, "bold"), table):
        found = shown(what, force_terminal=False)
        assert not set(found) & set("\x1b\x9b\x07\r\u202e\udcff")
        found.encode()


def test_styles_are_the_consoles_own() -> None:
    assert shown(Text("yes", "bold"), force_terminal=True) == "\x1b[1myes\x1b[0m\n"


def test_a_bar_goes_through_it_too() -> None:
    out = StringIO()
    with Progress(TextColumn("{task.description}", markup=False), console=Screen(file=out)) as bar:
        bar.add_task("[/b]\x1b]0;title\x07")
        bar.console.print("  seed 0  a[/b]\x1b[2J  done")
    assert "a[/b]?[2J  done" in out.getvalue()
    assert "\x1b]0" not in out.getvalue()


def test_lines_and_tabs_stay() -> None:
    assert printable("a\tb\nc é ±") == "a\tb\nc é ±"


def test_a_message_is_one_line_of_at_most_500_characters() -> None:
    line = one_line("begin " + "x" * 2000 + "\nand the advice at the end")
    assert len(line) == LONGEST
    assert line.startswith("begin x")
    assert line.endswith("x and the advice at the end")
