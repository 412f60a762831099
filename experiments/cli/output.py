"""Where results go: a console for people, and JSON for programs."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

STDOUT = Path("-")


def console_for(json_file: Path | None) -> Console:
    """Return a console on stdout, or on stderr where stdout is for JSON.

    Raises:
        SettingsError: `json_file` cannot be written; better said before the work than after it.
    """
    from serendip.experiments.running.screen import Screen
    from serendip.simulator.errors import SettingsError

    if json_file is not None and json_file != STDOUT:
        if not json_file.parent.is_dir():
            raise SettingsError(f"--json {json_file}: no folder {json_file.parent}; make it first")
        if json_file.is_dir():
            raise SettingsError(f"--json {json_file}: a folder; name a file")
    return Screen(stderr=json_file == STDOUT)


def say(*lines: str) -> None:
    """Print lines on stdout as they are, however wide the terminal, but for what would steer it."""
    from serendip.experiments.running.screen import printable

    for line in lines:
        print(printable(line))


def say_markdown(console: Console, text: str) -> None:
    """Print Markdown on the console: as tables where they fit, as it is elsewhere."""
    from serendip.experiments.running.screen import print_markdown

    print_markdown(console, text)


def say_entry(name: str, what: str, width: int) -> None:
    """Print a name and what it is: on one line where it is piped, folded below itself on a terminal.

    Args:
        name: of the entry.
        what: it is, in a sentence.
        width: columns that names take.
    """
    head = f"  {name:<{width}}  "
    if not sys.stdout.isatty():
        say(f"{head}{what}".rstrip())
        return
    room = max(shutil.get_terminal_size().columns - len(head), 30)
    say(
        *textwrap.wrap(what, room, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
        or [head.rstrip()]
    )


def write(values: Any, json_file: Path | None) -> None:
    """Write `values` as JSON to `json_file`, all or nothing; to stdout where that is `-`; nowhere where it is None."""
    from serendip.simulator.settings_json import write_json

    if json_file == STDOUT:
        print(json.dumps(values, indent=2, allow_nan=False))
    elif json_file is not None:
        write_json(json_file, values)
