"""Pieces of an experiment: each is finished, or it is not there."""

from __future__ import annotations

import glob
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from serendip.experiments.running.manifest import NAME, describe, fault, manifest_of
from serendip.experiments.running.pool import Job, Tell, run_jobs
from serendip.simulator.errors import SettingsError
from serendip.simulator.files import sync_folder
from serendip.simulator.settings_json import write_json


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or a folder of files, that is written by itself.

    Attributes:
        path: where it stands once it is finished.
        label: what is said of it when it is done.
        size: how many steps it takes.
        settings: all that decides its content, as JSON values.
        make: writes it to the path that it is given, where nothing stands yet, and calls what it is given with the
            number of steps done; it must be picklable.
        needed: files of a folder without which it is not finished.
        varying: files of a folder whose content differs from run to run, such as clocks.
    """

    path: Path
    label: str
    size: int
    settings: Mapping[str, Any]
    make: Callable[[Path, Tell], None]
    needed: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()

    def finished(self) -> bool:
        """Return whether it has nothing left to do, which is what its manifest says."""
        return fault(self.path, self.settings, self.needed) is None

    def finish(self, tell: Tell = lambda done: None) -> None:
        """Make it under a name of its own, and give it its place when all is written.

        Args:
            tell: called with the number of steps done.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        work = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.part")
        try:
            self.make(work, tell)
            manifest = describe(work, self.settings, self.varying)
            if work.is_dir():
                write_json(work / NAME, manifest)
                remove(self.path)
            else:
                manifest["files"] = {self.path.name: manifest["files"][work.name]}
                write_json(manifest_of(self.path), manifest)
            work.replace(self.path)
        except BaseException:
            remove(work)
            raise
        sync_folder(self.path.parent)

    def sweep(self) -> None:
        """Remove what a killed run left of it."""
        for stale in self.path.parent.glob(f".{glob.escape(self.path.name)}.*.part"):
            remove(stale)


def run_pieces(pieces: Sequence[Piece], at_once: int, console: Console, steps: str, backend: str = "loky") -> None:
    """Finish those of `pieces` that are not, side by side; only where the folder is claimed.

    Args:
        pieces: of one experiment.
        at_once: how many at a time; 0: one for each core.
        console: where progress is told.
        steps: what their steps are called.
        backend: whose processes make them, as `run_jobs` says.

    Raises:
        SettingsError: a worker wrote to another folder than this process reads.
    """
    left = [piece for piece in pieces if not piece.finished()]
    if len(left) < len(pieces):
        console.print(f"{len(pieces) - len(left)} of {len(pieces)} finished before, {len(left)} to run")
    for piece in left:
        piece.sweep()
    jobs = [Job(piece.label, piece.size, partial(_finish, piece)) for piece in left]
    run_jobs(jobs, at_once, console, steps, backend)
    for piece in left:
        piece.sweep()  # of a worker that was lost, whose work another did again
        if not piece.path.exists():
            raise SettingsError(
                f"{piece.path}: a worker made it, and it is not here; --out must be a folder that all workers see"
            )


def _finish(piece: Piece, tell: Tell) -> None:
    piece.finish(tell)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
