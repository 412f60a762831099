"""A saved agent: a folder of `arrays.safetensors` and, written last, `agent.json`.  Nothing is ever unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from serendip.agents.models.model import Arrays
from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import read_json, write_json

FORMAT = 1


def with_prefix(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays under names that start with `prefix` and a dot."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def without_prefix(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays whose names start with `prefix` and a dot, under the rest of their names."""
    start = f"{prefix}."
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def write_folder(path: Path, head: dict[str, Any], arrays: Arrays) -> None:
    """Write an agent to the folder `path`, made if missing."""
    path.mkdir(parents=True, exist_ok=True)
    write_whole(path / "arrays.safetensors", save({name: np.ascontiguousarray(a) for name, a in arrays.items()}))
    write_json(path / "agent.json", {"format": FORMAT} | head)


def read_folder(path: Path) -> tuple[dict[str, Any], Arrays]:
    """Return the head and the arrays of the agent in the folder `path`.

    Raises:
        DataError: no agent is there, it is of another format, or its arrays are cut off.
    """
    if not path.is_dir():
        raise DataError(f"{path}: no such folder; a saved agent is a folder with agent.json and arrays.safetensors")
    head = read_json(path / "agent.json")
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise DataError(f"{path / 'agent.json'}: not an agent of format {FORMAT}")
    file = path / "arrays.safetensors"
    try:
        return head, load_file(file)
    except FileNotFoundError as error:
        raise DataError(f"{file}: no such file") from error
    except (SafetensorError, OSError) as error:
        raise DataError(f"{file}: truncated or not safetensors ({error}); save the agent again") from error
