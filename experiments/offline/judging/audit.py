"""Whether a log's propensities are the probabilities that they say they are, from the log alone.

Whatever the policy, E[1 / propensity of what was shown] over a decision is the number of items it can show.  So the
target that always shows item i at position k has a mean weight of 1, and so has the uniform one: each is a test, of all
decisions, of those of a day, a policy or its version, and of each item.  Weights less 1 are martingale differences from
visit to visit, so their variance is the sum of those of visits, also of users who come back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from serendip.experiments.offline.judging.replay import replayed
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.logs import Decisions, Log, open_log

ALPHA = 1e-4  # false alarms of a whole family of tests, on a log that is right
_FEW = 50  # rare showings that must be expected of an item at a position, before its mean weight says anything


@dataclass(frozen=True, slots=True)
class Check:
    """One question put to a log.

    Attributes:
        name: what was asked.
        passed: whether the answer is as it should be; None where it could not be asked.
        detail: the answer, in a sentence.
    """

    name: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was asked of a log, and what it answered.

    Attributes:
        log: its path.
        checks: in the order they were asked.
        broken: names of the logging policies whose propensities cannot be right.
    """

    log: str
    checks: list[Check]
    broken: list[str]

    @property
    def sound(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Return the audit as plain JSON values."""
        return {"sound": self.sound} | dataclasses.asdict(self)


def audit(log: Path) -> Audit:
    """Return what can be said of the propensities of the log in the folder `log`.

    Raises:
        DataError: no log is there, or it holds no slot.
    """
    opened = open_log(log)
    tallies = Tallies(opened)
    try:
        for batch in opened.batches():
            tallies.update(batch)
    except DataError as error:
        return Audit(str(log), [Check("rows in range", False, str(error))], list(opened.meta.policies))
    if not tallies.overall.n:
        raise DataError(f"{log}: holds no slots; there is nothing to audit")
    names = opened.meta.policies
    by_policy = {names[p]: group for p, group in tallies.groups("policy").items()}
    wrong = [name for name, group in by_policy.items() if not group.passes(group.variance, len(by_policy))]
    checks = [
        Check("rows in range", True, f"All {tallies.overall.n:.0f} slots have values that can be."),
        _certainty(tallies),
        _overall(tallies),
        _groups("policy", by_policy, tallies),
        _groups("policy version", tallies.groups("policy_version"), tallies),
        _groups("day", tallies.groups("day"), tallies),
        _items(tallies),
        Check("replay of the logged agent", *replayed(log)),
    ]
    if any(check.passed is False for check in checks) and not wrong:
        wrong = list(by_policy) if len(by_policy) == 1 else []
    return Audit(str(log), checks, wrong)


@dataclass
class Group:
    """Sums over slots: how many, of weights, of their squares and of the squares of visits' weights less 1."""

    n: float = 0.0
    total: float = 0.0
    variance: float = 0.0

    @property
    def mean(self) -> float:
        """The mean weight."""
        return self.total / self.n

    def z(self, variance: float) -> float:
        """Return by how many standard errors the sum of weights is off."""
        off = self.total - self.n
        if variance <= 0.0:
            return 0.0 if abs(off) < 1e-9 * self.n else float(np.copysign(1e6, off))
        return float(off / np.sqrt(variance))

    def passes(self, variance: float, n_tests: int) -> bool:
        """Return whether the mean weight can be 1, in a family of `n_tests`."""
        return abs(self.z(variance)) <= threshold(n_tests)


def threshold(n_tests: int) -> float:
    """Return the z-score that a family of tests passes by chance with probability `ALPHA`."""
    return float(-ndtri(ALPHA / (2.0 * max(n_tests, 1))))


@dataclass
class Tallies:
    """Sums of a log, batch by batch."""

    log: Log
    overall: Group = field(default_factory=Group)
    n_certain: int = 0
    rarest: float = 1.0  # the smallest propensity
    _groups: dict[str, dict[int, Group]] = field(default_factory=dict[str, dict[int, Group]])

    def __post_init__(self) -> None:
        self._items = self.log.items()
        shape = (self.log.meta.slate_size, self._items.n_items)
        self.inverse = np.zeros(shape)  # sums of 1 / propensity
        self._slots_of: dict[int, Floats] = {}  # (L,) slots of each day by position

    def update(self, batch: Decisions) -> None:
        """Take a batch into account."""
        n_available = np.array([self._items.available(int(day)).sum() for day in np.unique(batch.day)])
        day_row = np.searchsorted(np.unique(batch.day), batch.day)
        weight = 1.0 / (n_available[day_row] * batch.propensity)
        order = np.lexsort((batch.user_id, batch.visit, batch.day))
        keys = [batch.day[order], batch.visit[order], batch.user_id[order]]
        change = np.concatenate([[True], np.any([np.diff(key) != 0 for key in keys], axis=0)])
        starts = np.flatnonzero(change)
        sums, counts = np.add.reduceat(weight[order], starts), np.diff(np.append(starts, len(weight)))
        first = order[starts]
        self._add(self.overall, sums, counts)
        for name in ("policy", "policy_version", "day"):
            values = getattr(batch, name)[first]
            for value in np.unique(values):
                rows = values == value
                self._add(self._groups.setdefault(name, {}).setdefault(int(value), Group()), sums[rows], counts[rows])
        self.n_certain += int(np.count_nonzero(batch.propensity == 1.0))
        self.rarest = min(self.rarest, float(batch.propensity.min(initial=1.0)))
        self._count_items(batch)

    @staticmethod
    def _add(group: Group, sums: Floats, counts: Ints) -> None:
        group.n += float(counts.sum())
        group.total += float(sums.sum())
        group.variance += float(np.sum((sums - counts) ** 2))

    def _count_items(self, batch: Decisions) -> None:
        cells = batch.position.astype(np.int64) * self.inverse.shape[1] + batch.item_id
        found = np.bincount(cells, weights=1.0 / batch.propensity, minlength=self.inverse.size)
        self.inverse += found.reshape(self.inverse.shape)
        for day in np.unique(batch.day):
            slots = np.bincount(batch.position[batch.day == day], minlength=len(self.inverse)).astype(np.float64)
            self._slots_of[int(day)] = self._slots_of.get(int(day), 0.0) + slots

    def groups(self, name: str) -> dict[int, Group]:
        """Return the sums by the values of a column."""
        return dict(sorted(self._groups[name].items()))

    def item_scores(self) -> Floats:
        """Return (L, M) z-scores of the sum of 1 / propensity of each item; NaN where there are too few slots for one.

        The variance is the largest that the smallest propensity of the log allows: where an item is nearly always shown
        because it is liked, the rare slots that decide may not have come up.
        """
        slots = np.zeros_like(self.inverse)
        for day, counts in self._slots_of.items():
            slots += counts[:, None] * self._items.available(day)
        enough = slots * self.rarest >= _FEW
        off, error = self.inverse - slots, np.sqrt(np.maximum(slots * (1.0 / self.rarest - 1.0), 1e-9))
        return np.where(enough, np.where(np.abs(off) <= 1e-9 * slots, 0.0, off / error), np.nan)


def _certainty(tallies: Tallies) -> Check:
    name, n, n_items = "propensities below 1", tallies.overall.n, tallies.inverse.shape[1]
    share = tallies.n_certain / n
    if share == 1.0 and n_items > 1:
        return Check(name, False, "Every propensity is 1: that is what was shown, not how likely it was.")
    return Check(name, True, f"{share:.1%} of the propensities are 1.")


def _overall(tallies: Tallies) -> Check:
    group = tallies.overall
    z, said = group.z(group.variance), f"The mean weight against uniform is {group.mean:.4f}"
    if abs(z) <= threshold(1):
        return Check("mean weight", True, f"{said}, {abs(z):.1f} standard errors from 1.")
    why = (
        "propensities are too large, or some of what uniform shows is never shown (no exploration)"
        if z < 0
        else "propensities are too small, such as those of the branch that was taken or of too few samples"
    )
    return Check("mean weight", False, f"{said}, {abs(z):.1f} standard errors from 1: {why}.")


def _groups(what: str, groups: dict[Any, Group], tallies: Tallies) -> Check:
    """Return the check of each group; where few were explored by chance, with the whole log's variance."""
    typical = tallies.overall.variance / tallies.overall.n
    scores = {key: group.z(max(group.variance, typical * group.n)) for key, group in groups.items()}
    wrong = [key for key, z in scores.items() if abs(z) > threshold(len(groups))]
    name = f"mean weight by {what}"
    if not wrong:
        return Check(name, True, f"Each of {len(groups)} is within chance of 1.")
    worst = max(wrong, key=lambda key: abs(scores[key]))
    detail = f"{what} {worst} has {groups[worst].mean:.4f}, {abs(scores[worst]):.1f} standard errors from 1"
    return Check(name, False, f"{len(wrong)} of {len(groups)} are not 1: {detail}.")


def _items(tallies: Tallies) -> Check:
    name, scores = "mean weight by item and position", tallies.item_scores()
    n_tests = int(np.count_nonzero(np.isfinite(scores)))
    if n_tests == 0:
        return Check(name, None, "The log is too short for what is rare in it to say anything of single items.")
    wrong = np.abs(scores) > threshold(n_tests)  # NaN is not
    if not wrong.any():
        return Check(name, True, f"Each of {n_tests} items and positions is within chance of 1.")
    position, item = np.unravel_index(int(np.nanargmax(np.abs(scores))), scores.shape)
    detail = f"item {item} at position {position} is {abs(scores[position, item]):.1f} standard errors from 1"
    return Check(name, False, f"{np.count_nonzero(wrong)} of {n_tests} are not 1: {detail}.")
