"""What the tests of the documentation share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def write_ratings() -> Callable[[Path], None]:
    """A function that writes ratings of 80 users with two tastes, as somebody's own file."""
    return _write_ratings


def _write_ratings(path: Path) -> None:
    """Write ratings of 80 users with two tastes, as somebody's own file."""
    rng = np.random.default_rng(0)
    rows = ["user,item,rating,timestamp"]
    for user in range(80):
        items = rng.choice(60, 25, replace=False)
        liked = items % 2 == user % 2
        times = 1_500_000_000 + np.cumsum(rng.integers(3_600, 200_000, len(items)))
        rows += [
            f"{user},{item},{5 if like else 2},{time}" for item, like, time in zip(items, liked, times, strict=True)
        ]
    path.write_text("\n".join(rows) + "\n")
