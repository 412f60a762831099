"""A folder of results, claimed by what is to be done in it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from serendip.experiments.running.lock import LOCK, alone_in
from serendip.experiments.running.provenance import command, version
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.settings_json import read_json, write_json

PROVENANCE = "provenance"


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be done in a folder, and what of it may change later.

    Attributes:
        file: name of the file that holds the plan.
        verb: the command that makes such folders, such as `run`.
        plan: what is to be done, as JSON values.
        grows: parts of the plan that a later call may add to: lists, of which the union is kept, and numbers, of which
            the largest is.
        inputs: checksums of what goes in, by name; a later call must have the same.
        beside: names that may be in a folder which a killed run had not claimed yet.
        check: called before anything is written; raises where the plan cannot work.
        fill: called for a new folder, to write what stands beside the plan.
    """

    file: str
    verb: str
    plan: Mapping[str, Any]
    grows: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])
    beside: tuple[str, ...] = ()
    check: Callable[[], None] = lambda: None
    fill: Callable[[], None] = lambda: None


@contextmanager
def claimed(out: Path, claim: Claim) -> Generator[dict[str, Any]]:
    """Claim the folder `out`, hold it, and yield the plan that it now has.

    Raises:
        SettingsError: the folder holds something else, results of another plan, version or input, or another run is at
            work there.
        DataError: its plan is damaged.
    """
    _refuse_strangers(out, claim)
    path = out / claim.file
    if not path.exists():
        claim.check()
    with alone_in(out):
        old = read_plan(path, claim.verb) if path.exists() else None
        plan = dict(claim.plan)
        if old is not None:
            before = old.pop(PROVENANCE)
            _compare(out, claim, old, before)
            claim.check()
            plan = {name: _grown(old[name], plan[name]) if name in claim.grows else plan[name] for name in plan}
            commands = [*before["commands"], *([] if command() in before["commands"] else [command()])]
            inputs = before["inputs"]
        else:
            claim.fill()
            commands, inputs = [command()], dict(claim.inputs)
        values = plan | {PROVENANCE: {"version": version(), "commands": commands, "inputs": inputs}}
        if not path.exists() or read_json(path) != values:
            write_json(path, values)
        yield plan


def read_plan(path: Path, verb: str) -> dict[str, Any]:
    """Return the plan in the file `path`, with its provenance.

    Raises:
        DataError: there is none, or it is not one.
    """
    if not path.exists():
        raise DataError(f"{path.parent}: no {path.name}; not a folder that `serendip {verb}` wrote")
    values = read_json(path)
    try:
        before = values[PROVENANCE]
        if not all(isinstance(before[name], kind) for name, kind in (("commands", list), ("inputs", dict))):
            raise TypeError
        before["version"]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{path}: does not say which version and command made it; give another --out, or remove the folder"
        ) from error
    return cast("dict[str, Any]", values)


def _refuse_strangers(out: Path, claim: Claim) -> None:
    """Raise a SettingsError if `out` holds something that is no folder of this kind."""
    allowed = {LOCK, *claim.beside}
    found = {path.name for path in out.iterdir() if not path.name.endswith(".tmp")} if out.exists() else set[str]()
    if found - allowed and claim.file not in found:
        raise SettingsError(
            f"{out}: not empty, and not a folder that `serendip {claim.verb}` wrote; give another --out"
        )


def _compare(out: Path, claim: Claim, old: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raise a SettingsError if the folder's plan, its version or its inputs are others than those of `claim`."""
    if before["version"] != version():
        raise SettingsError(
            f"{out}: holds results of version {before['version']}, and this is {version()}; give another --out"
        )
    for name, value in claim.plan.items():
        if name not in old:
            raise DataError(f"{out / claim.file}: no {name}; give another --out")
        if name not in claim.grows and old[name] != value:
            raise SettingsError(
                f"{out}: holds results with {name} {old[name]}, not {value}; give another --out, or the same settings "
                "to go on"
            )
    for name, found in claim.inputs.items():
        if before["inputs"].get(name) != found:
            raise SettingsError(
                f"{out}: its {name} has changed since it was begun (another checksum); give another --out"
            )


def _grown(old: Any, new: Any) -> Any:
    """Return the union of two lists in order, or the larger of two numbers."""
    if isinstance(new, list):
        return [*old, *(value for value in cast("list[Any]", new) if value not in old)]
    return max(old, new)
