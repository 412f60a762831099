"""Small matters of how sentences are made."""

from __future__ import annotations

from collections.abc import Sequence

IN_STATES = "in the states in which this log met its users"


def enumerated(names: Sequence[str]) -> str:
    """Return the names as a sentence has them: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
