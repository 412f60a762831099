"""What was declared to be asked, answered: paired differences with intervals, exact tests, Holm over the worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from serendip.experiments.online.statistics import Interval, clear, holm, mean_interval, paired_p_value
from serendip.experiments.uncertainty.cells import Row
from serendip.experiments.uncertainty.choosing import FRESH, sides
from serendip.experiments.uncertainty.declaration import Contrast, Declaration, name_of
from serendip.simulator.interface import Floats


@dataclass(frozen=True, slots=True)
class Answer:
    """A contrast in one world.

    Attributes:
        contrast: its name.
        world: name of the world.
        plus: the arm that is better on the tuning seeds, of those on the one side.
        minus: name of the arm of the other side, chosen alike.
        base: mean of the other side.
        difference: mean paired difference with its 95% interval, in low-activity users a day.
        everyone: mean paired difference of all users a day.
        p: p-value of the exact sign-flip test, by Holm over the worlds of the contrast; None where nothing can be said.
        seeds: how many were compared.
    """

    contrast: str
    world: str
    plus: str
    minus: str
    base: float
    difference: Interval
    everyone: Interval
    p: float | None
    seeds: int

    @property
    def clear(self) -> bool:
        """Whether the difference is clear."""
        return clear(self.p, self.difference)

    @property
    def share(self) -> float:
        """The difference relative to the other side."""
        return self.difference.value / self.base if self.base > 0.0 else float("nan")


def contrasts(declared: Declaration, rows: Sequence[Row]) -> list[Answer]:
    """Return all answers, contrast by contrast; p-values are adjusted over the worlds of each."""
    found = list[Answer]()
    for contrast in declared.contrasts:
        answers = [a for world in declared.worlds if (a := _answer(declared, rows, world, contrast)) is not None]
        adjusted = holm([answer.p for answer in answers])
        found += [replace(answer, p=p) for answer, p in zip(answers, adjusted, strict=True)]
    return found


def _answer(declared: Declaration, rows: Sequence[Row], world: str, contrast: Contrast) -> Answer | None:
    name = name_of(world)
    there = {row.arm for row in rows if row.world == name and row.phase == FRESH}
    lived = replace(declared, arms=tuple(arm for arm in declared.arms if arm.name in there))
    both = sides(lived, rows, world, contrast)
    if both is None:
        return None
    plus, minus = both
    seeds = sorted(set(by_seed(rows, name, plus.name)) & set(by_seed(rows, name, minus.name)))
    if not seeds:
        return None
    low, everyone = (paired(rows, name, plus.name, minus.name, measure) for measure in ("low", "all"))
    base = float(np.mean([by_seed(rows, name, minus.name)[seed].low for seed in seeds]))
    intervals = mean_interval(low), mean_interval(everyone)
    return Answer(contrast.name, name, plus.name, minus.name, base, *intervals, paired_p_value(low), len(seeds))


def by_seed(rows: Sequence[Row], world: str, arm: str) -> dict[int, Row]:
    """Return the rows of an arm that are compared, by seed."""
    return {row.seed: row for row in rows if (row.world, row.arm, row.phase) == (world, arm, FRESH)}


def paired(rows: Sequence[Row], world: str, plus: str, minus: str, measure: str = "low") -> Floats:
    """Return (n_seeds,) differences of a measure between two arms, under the seeds that both have lived.

    Args:
        rows: what was found.
        world: name of the world.
        plus: name of one arm.
        minus: name of the other.
        measure: a column of `Row` that is a number.
    """
    one, other = by_seed(rows, world, plus), by_seed(rows, world, minus)
    seeds = sorted(one.keys() & other.keys())
    return np.array([getattr(one[s], measure) - getattr(other[s], measure) for s in seeds], dtype=np.float64)
