"""What became of an input: a right answer, one sentence, or a finding."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import re
import signal
import traceback
import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from serendip.experiments.__main__ import main
from serendip.experiments.running.screen import one_line
from serendip.simulator.errors import SerendipError

LONGEST = 500  # characters of a message
REFUSED = (2, 3)  # wrong input, too little of it
PATIENCE = 20  # seconds of computing after which an input counts as one that never ends; of waiting, thirty times that
LONG = (
    "run",
    "evaluate",
    "audit",
    "calibrate",
    "look",
    "compare",
    "export",
)  # which tell of progress on a slow machine
Call = Callable[[], Any]


class Endless(BaseException):
    """An input took longer than anybody waits for a small file."""


def _endless(number: int, frame: Any) -> None:
    raise Endless


@contextlib.contextmanager
def patience() -> Generator[None]:
    """Raise `Endless` in the body after `PATIENCE` seconds, however busy the machine is with other things."""
    before = {number: signal.signal(number, _endless) for number in (signal.SIGALRM, signal.SIGPROF)}
    signal.alarm(30 * PATIENCE)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def of_verb(arguments: list[str], understood: Callable[[dict[str, Any]], str] | None = None) -> tuple[str, str]:
    """Return `answer`, `sentence` or `finding`, and what was found.

    Args:
        arguments: a command line.
        understood: takes what `--json` says of an accepted input, and returns what contradicts it; "" for nothing.
    """
    out, err = io.StringIO(), io.StringIO()
    asked = [*arguments, *(["--json", "-"] if understood else []), *(["--quiet"] if arguments[0] in LONG else [])]
    try:
        with patience(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            code = main(asked)
    except Endless:
        return "finding", f"no end within {PATIENCE} seconds"
    except BaseException:
        return "finding", traceback.format_exc()
    if code in REFUSED:
        wrong = _message(err.getvalue(), out.getvalue() if understood else "")
        return ("finding", wrong) if wrong else ("sentence", err.getvalue())
    if code != 0:
        return "finding", f"exit code {code}: {err.getvalue()}"
    wrong = _readable(out.getvalue()) or (understood(json.loads(out.getvalue())) if understood else "")
    return ("finding", f"accepted: {wrong}") if wrong else ("answer", out.getvalue())


def of_call(call: Call, understood: Callable[[Any], str] | None = None) -> tuple[str, str]:
    """Return the same of a function that reads something."""
    try:
        with patience(), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            found = call()
    except Endless:
        return "finding", f"no end within {PATIENCE} seconds"
    except SerendipError as error:
        wrong = _sentence(one_line(str(error)))
        return ("finding", wrong) if wrong else ("sentence", str(error))
    except OSError as error:
        named = error.filename is not None and error.strerror is not None
        return ("sentence", str(error)) if named else ("finding", traceback.format_exc())
    except BaseException:
        return "finding", traceback.format_exc()
    wrong = understood(found) if understood else ""
    return ("finding", f"accepted: {wrong}") if wrong else ("answer", "")


def _message(err: str, out: str) -> str:
    """Return what is wrong with what a refused command printed."""
    if out:
        return f"refused, and yet printed {out[:100]!r}"
    if not err.startswith("serendip: ") or err.count("\n") != 1:
        return f"not one line: {err[:300]!r}"
    return _sentence(err.strip())


def _sentence(text: str) -> str:
    if not text or len(text) > LONGEST:
        return f"a message of {len(text)} characters: {text[:200]!r}"
    if "Traceback" in text or re.search(r"<[a-z_.]+ object at 0x", text):
        return f"not for people: {text[:300]!r}"
    return _readable(text)


def _readable(text: str) -> str:
    """Return what would reach a terminal raw."""
    raw = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    return f"a control character {raw[0]!r} in {text[max(raw.start() - 40, 0) : raw.start() + 40]!r}" if raw else ""


def values_that_can_be(report: dict[str, Any]) -> str:
    """Return what is wrong with an evaluation: ends out of order, infinite numbers, `reliable` beside what is not."""
    for name, estimate in (report.get("estimates") or {}).items():
        if estimate is None:
            continue
        value, low, high = (estimate.get(key) for key in ("value", "low", "high"))
        if any(number is not None and not math.isfinite(number) for number in (value, low, high)):
            return f"{name} is {value} from {low} to {high}"
        if low is not None and high is not None and low > high:
            return f"{name} lies from {low} to {high}"
    return ""


def rows_of_csv(path: Path) -> int | None:
    """Return how many rows a strict reader finds below the header; None where none would accept the file."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except (UnicodeDecodeError, csv.Error):
        return None
    if any("\n" in cell or "\r" in cell for row in rows for cell in row):
        return None
    return len(rows) - 1


def all_rows_of(path: Path) -> Callable[[dict[str, Any]], str]:
    """Return the check that an evaluation of the CSV file at `path` saw each of its rows, and says what can be."""

    def check(report: dict[str, Any]) -> str:
        there, seen = rows_of_csv(path), report["diagnostics"]["n_slots"]
        if there is None:
            return f"a table that no strict reader accepts, with {seen:.0f} rows"
        return f"{seen:.0f} of {there} rows" if seen != there else values_that_can_be(report)

    return check
