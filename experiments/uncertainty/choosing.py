"""Settings and members of a side, chosen by the tuning seeds alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from serendip.experiments.uncertainty.cells import Cell, Row, informs
from serendip.experiments.uncertainty.declaration import INFORMED, Arm, Contrast, Declaration, name_of

TUNE, FRESH = "tune", "fresh"


def tuning_cells(declared: Declaration, world: str) -> list[Cell]:
    """Return the lives by which settings and members are chosen in `world`."""
    home = declared.home(world)
    return [
        Cell(home, arm, value, TUNE, seed)
        for arm in arms_in(declared, home)
        for value in arm.values or (None,)
        for seed in declared.tuning_seeds
    ]


def fresh_cells(declared: Declaration, world: str, chosen: dict[str, float | None]) -> list[Cell]:
    """Return the lives that are compared, each arm at its value in `chosen`."""
    arms = arms_in(declared, world)
    return [Cell(world, arm, chosen[arm.name], FRESH, seed) for arm in arms for seed in declared.fresh_seeds]


def arms_in(declared: Declaration, world: str) -> list[Arm]:
    """Return the arms that can live in `world`: greed that is informed only where there is something to know."""
    return [arm for arm in declared.arms if arm.agent != INFORMED or informs(world)]


def chosen_values(declared: Declaration, rows: Iterable[Row], world: str) -> dict[str, float | None]:
    """Return the best value of each arm that is tuned to the end: the highest mean of `low`, the first of equals."""
    scores = _scores(rows, declared.home(world))
    found = dict[str, float | None]()
    for arm in declared.arms:
        tried = [(scores[arm.name, value], value) for value in arm.values or (None,) if (arm.name, value) in scores]
        if len(tried) == len(arm.values or (None,)):
            best = max(score for score, _ in tried)
            found[arm.name] = next(value for score, value in tried if score == best)
    return found


def best_of(declared: Declaration, rows: Iterable[Row], world: str, kinds: Sequence[str]) -> Arm | None:
    """Return the arm of those kinds with the highest mean at its best value on the tuning seeds; None if none is tuned.

    Args:
        declared: the protocol.
        rows: what was found.
        world: name of the world.
        kinds: kinds of arms to choose from.
    """
    kept = list(rows)
    scores, chosen = _scores(kept, declared.home(world)), chosen_values(declared, kept, world)
    able = [arm for arm in declared.arms if arm.kind in kinds and arm.name in chosen]
    return max(able, key=lambda arm: scores[arm.name, chosen[arm.name]], default=None)


def sides(declared: Declaration, rows: Iterable[Row], world: str, contrast: Contrast) -> tuple[Arm, Arm] | None:
    """Return the two arms that `contrast` compares in `world`, or None where one side has none.

    Args:
        declared: the protocol.
        rows: what was found.
        world: name of the world.
        contrast: the question.
    """
    kept = list(rows)
    plus, minus = (best_of(declared, kept, world, kinds) for kinds in (contrast.plus, contrast.minus))
    return None if plus is None or minus is None else (plus, minus)


def _scores(rows: Iterable[Row], world: str) -> dict[tuple[str, float | None], float]:
    """Return the mean of `low` over the tuning seeds, by arm and value."""
    found, name = dict[tuple[str, float | None], list[float]](), name_of(world)
    for row in rows:
        if row.phase == TUNE and row.world == name:
            found.setdefault((row.arm, row.value), []).append(row.low)
    return {key: float(np.mean(values)) for key, values in found.items()}
