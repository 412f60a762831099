"""Cards of situations, from a world's settings and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import draw_bandit
from serendip.experiments.ope_study.gauntlet.situation import Drawn, Half, Situation

S = TypeVar("S")


def situation(
    name: str,
    summary: str,
    half: Half,
    settings: S,
    draw: Callable[[S, np.random.Generator], Drawn] | None = None,
) -> Situation:
    """Return the card of a situation.

    Args:
        name: what it is called.
        summary: one sentence that says what is special about it.
        half: `learned` where the verdict's borders may be learned on it, else `shown`.
        settings: of the world.
        draw: returns a log of a world of those settings; that of a `Bandit` when None.
    """
    make: Any = draw_bandit if draw is None else draw
    return Situation(name=name, summary=summary, make=partial(make, settings), settings=settings, half=half)
