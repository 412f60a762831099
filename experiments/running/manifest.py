"""What a finished piece of work consists of: its files with sizes and checksums, its settings, the version.

A piece is finished when its manifest says so.  That of a folder stands inside, as `manifest.json`; that of a single
file stands beside it, with `.manifest` after its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from serendip.experiments.running.provenance import checksum, version
from serendip.simulator.errors import DataError
from serendip.simulator.settings_json import read_json

NAME = "manifest.json"


def manifest_of(path: Path) -> Path:
    """Return where the manifest of the piece at `path` stands."""
    return path / NAME if path.is_dir() else path.with_name(f"{path.name}.manifest")


def describe(path: Path, settings: Mapping[str, Any], varying: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the manifest of the piece at `path`.

    Args:
        path: a file or a folder.
        settings: what decides its content, as JSON values.
        varying: names of files whose content differs from run to run, such as clocks; only that they are there counts.
    """
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    within = path.parent if path.is_file() else path
    found = {file.relative_to(within).as_posix(): file for file in files}
    described = {
        name: None if name in varying else {"bytes": file.stat().st_size, "sha256": checksum(file)}
        for name, file in found.items()
        if name != NAME
    }
    return {"version": version(), "settings": dict(settings), "files": described}


def fault(path: Path, settings: Mapping[str, Any], needed: tuple[str, ...] = ()) -> str | None:
    """Return in words why the piece at `path` is not finished; None where it is.

    Args:
        path: a file or a folder.
        settings: what decides its content.
        needed: files and folders of a folder that it must have.
    """
    if not path.exists():
        return "not there"
    try:
        values = read_json(manifest_of(path))
        files = cast("dict[str, Any]", values["files"])
        if values["version"] != version():
            return f"made by version {values['version']}"
        if values["settings"] != dict(settings):
            return "made with other settings"
    except (DataError, KeyError, TypeError):
        return "without a manifest"
    lacking = [name for name in needed if name not in files and not any(file.startswith(f"{name}/") for file in files)]
    if lacking:
        return f"without {', '.join(lacking)}"
    return next(filter(None, (_changed(path, name, entry) for name, entry in files.items())), None)


def check_file(piece: Path, name: str) -> None:
    """Check one file of the folder `piece` against the manifest there.

    Raises:
        DataError: the file is not the one that was written.
    """
    try:
        entry = read_json(piece / NAME)["files"][name]
    except (DataError, KeyError, TypeError) as error:
        raise DataError(f"{piece}: no manifest that names {name}; the command that made it makes it again") from error
    changed = _changed(piece, name, entry)
    if changed:
        raise DataError(f"{piece / name}: {changed}; the command that made it makes it again")


def check_whole(file: Path) -> None:
    """Check a piece that is a single file against the manifest beside it.

    Raises:
        DataError: the file is not the one that was written.
    """
    try:
        entry = read_json(manifest_of(file))["files"][file.name]
    except (DataError, KeyError, TypeError) as error:
        raise DataError(f"{file}: no manifest that names it; the command that made it makes it again") from error
    changed = _changed(file, file.name, entry)
    if changed:
        raise DataError(f"{file}: {changed}; the command that made it makes it again")


def _changed(path: Path, name: str, entry: Any) -> str | None:
    """Return in words how a file of the piece at `path` differs from its entry in the manifest."""
    file = path / name if path.is_dir() else path
    if not file.is_file():
        return f"{name} is missing"
    if entry is None:
        return None
    size = file.stat().st_size
    if not isinstance(entry, dict) or size != cast("dict[str, Any]", entry).get("bytes"):
        return f"{name} has {size:,} bytes, which is not what was written"
    return None if checksum(file) == entry.get("sha256") else f"{name} is not what was written (another checksum)"
