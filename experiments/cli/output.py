"""Where words for people go, and where values for machines go."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

STDOUT = Path("-")


def console_for(json_file: Path | None) -> Console:
    """Return where to talk to people: stdout, or stderr where stdout is kept for JSON."""
    return Console(stderr=json_file == STDOUT)


def write(values: Any, json_file: Path | None) -> None:
    """Write `values` as JSON to the file, to stdout for `-`, or nowhere."""
    if json_file == STDOUT:
        sys.stdout.write(json.dumps(values, indent=2, allow_nan=False) + "\n")
    elif json_file is not None:
        from serendip.simulator.interface import write_json

        write_json(json_file, values)
