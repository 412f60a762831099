"""Where results go: a console for people, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
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


def write(values: Any, json_file: Path | None) -> None:
    """Write `values` as JSON to `json_file`, all or nothing; to stdout where that is `-`; nowhere where it is None."""
    from serendip.simulator.settings_json import write_json

    if json_file == STDOUT:
        print(json.dumps(values, indent=2, allow_nan=False))
    elif json_file is not None:
        write_json(json_file, values)


@contextmanager
def slot_progress(console: Console, doing: str = "valuing slots") -> Generator[Callable[[int, int], None]]:
    """Show that work goes on, and once slots are counted, how many of them are done.

    Yields a function of the slots (or epochs, or whatever `doing` counts) done and the slots there are.
    """
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading and training", total=None)

        def tell(done: int, there_are: int) -> None:
            last = done >= there_are
            bar.update(task, completed=done, total=there_are, description="finishing" if last else doing)

        yield tell


@contextmanager
def step_progress(console: Console) -> Generator[Callable[[str, int, int], None]]:
    """Show which of many steps is being done and how long they take, where somebody looks on.

    Yields a function of what is being done, the steps that are done, and how many there are.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, there_are: bar.update(task, description=what, completed=done, total=there_are)
