"""Where results come from: the version, the command and checksums of what went in."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_command = ContextVar[str]("command", default="from Python")


@contextmanager
def commanded(arguments: Sequence[str]) -> Generator[None]:
    """Let results written meanwhile say that `serendip` with these arguments made them."""
    token = _command.set(shlex.join(["serendip", *arguments]))
    try:
        yield
    finally:
        _command.reset(token)


def command() -> str:
    """Return the command line that is being obeyed; `from Python` where there is none."""
    return _command.get()


def version() -> str:
    """Return the version of this package, as installed; `unknown` where it is not."""
    import importlib.metadata  # which takes as long as the parser of the command line

    try:
        return importlib.metadata.version("serendip")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def checksum(path: Path) -> str:
    """Return the SHA-256, in hexadecimal, of a file, or of a folder's files by name and content."""
    import hashlib

    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        total.update(f"{file.relative_to(path).as_posix()}\0{checksum(file)}\n".encode())
    return total.hexdigest()
