"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """Yield the path of a fresh file beside `path`, to be written; afterwards it takes the place of `path`.

    The file is on the disk before it gets its name, so that not even a power cut leaves a part of it.  Its temporary
    name cannot be guessed and nothing that stands there is followed or overwritten; its permissions are what the umask
    says.  If anything is raised meanwhile, `path` stays as it was.  What a killed process left of earlier attempts at
    the same file is removed.
    """
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        try:
            _lock(descriptor)
            yield temporary
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`, all or nothing; text as UTF-8, halves of characters that it cannot hold as escapes."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` on the disk, where the system can do that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock an open file for as long as it is open, and return whether nobody else had."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(path: Path) -> None:
    """Remove the temporary files of `path` whose writers are gone: nobody holds their locks."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with contextlib.suppress(OSError):
            descriptor = os.open(left, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                if _lock(descriptor):
                    left.unlink(missing_ok=True)
            finally:
                os.close(descriptor)
