"""Errors that a user can mend, in words: wrong input, and the limits of the machine."""

from __future__ import annotations

import errno

_LIMITS = {
    errno.ENOSPC: "no space is left on the disk; free some, and give the same command again",
    errno.EDQUOT: "your share of the disk is used up; free some of it, and give the same command again",
    errno.EFBIG: "a file would be larger than this disk allows",
    errno.EROFS: "this disk can only be read; write to another",
    errno.EMFILE: "too many files are open; raise the limit (ulimit -n), or give fewer --jobs",
    errno.ENOMEM: "memory is used up; free some, or give fewer --jobs or something smaller",
    errno.EIO: "the disk cannot be read or written (an input/output error)",
    errno.ELOOP: "a link leads back to itself",
}
_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory", "bad_alloc")


def in_words(error: Exception) -> str | None:
    """Return what is wrong and what to do, or None where the error is a fault of this program."""
    from serendip.simulator.errors import SerendipError

    if isinstance(error, SerendipError):
        return str(error)
    if isinstance(error, OSError):
        known = _LIMITS.get(error.errno or 0)
        if error.filename is None or error.strerror is None:
            return known
        return f"{error.filename}: {known or error.strerror}"
    if isinstance(error, MemoryError):
        return f"{_LIMITS[errno.ENOMEM]} ({error})" if str(error) else _LIMITS[errno.ENOMEM]
    if isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY):
        return _LIMITS[errno.ENOMEM]
    return None
