"""What was said of activity beside what is true: verdicts, signs, coverage, and each estimator by distance."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.long_term.saying import Conclusion, conclude
from serendip.experiments.offline.long_term.twin import Held, apart
from serendip.experiments.ope_study.activity.trial import Place, Told

ESTIMATORS = ("twin", "fitted_q", "mis", "drl")
DISTANCES = (("near", 0.0, 0.3), ("between", 0.3, 1.0), ("far", 1.0, np.inf))  # in `shift`
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Case:
    """What was said of one target over one horizon, from one log.

    Attributes:
        place: the log.
        told: what was found, and what is true.
        said: what is to be made of it.
    """

    place: Place
    told: Told
    said: Conclusion

    @property
    def word(self) -> str:
        """The verdict."""
        return self.said.verdict.word

    @property
    def go_by(self) -> Estimate | None:
        """The recommended estimate, or None."""
        return None if self.said.recommended is None else self.said.estimates[self.said.recommended]

    @property
    def covered(self) -> bool | None:
        """Whether the recommended interval holds the truth; None where nothing is recommended."""
        return None if self.go_by is None else _holds(self.go_by, self.told.truth)

    @property
    def difference(self) -> Estimate | None:
        """The recommended estimate less what the log's users did, or None."""
        if self.said.lift is not None:
            return self.said.estimates[self.said.lift]
        e = self.go_by
        if e is None or e.value is None or e.low is None or e.high is None:
            return None
        logged = self.told.logged
        return Estimate(e.value - logged, e.low - logged, e.high - logged, e.standard_error)


@dataclass(frozen=True, slots=True)
class Words:
    """What the words were worth over some cases.

    Attributes:
        name: which cases.
        cases: how many.
        reliable: how many were called reliable.
        weak: weak.
        invalid: invalid.
        reliable_coverage: share of the reliable ones whose interval holds the truth; None where there are none.
        coverage: that of all that are not invalid.
        width: median width of these intervals, relative to what the log's users did.
        clear: differences that are said to be clear: of a target to the log, and of two targets.
        wrong: number of these with the wrong sign.
    """

    name: str
    cases: int
    reliable: int
    weak: int
    invalid: int
    reliable_coverage: float | None
    coverage: float | None
    width: float | None
    clear: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Estimated:
    """How an estimator did at a distance between target and logger, whatever the verdict.

    Attributes:
        estimator: its name.
        distance: `near`, `between` or `far`.
        cases: how many.
        rmse: root mean squared error, relative to what the log's users did.
        sign: share with the right sign of the difference to the log, where that is 3% or more.
        coverage: share of intervals that hold the truth.
        rank_correlation: Spearman's, over the targets of a log at any distance; mean over logs and horizons.
    """

    estimator: str
    distance: str
    cases: int
    rmse: float
    sign: float | None
    coverage: float
    rank_correlation: float | None


def cases_of(found: Iterable[tuple[Place, Sequence[Told]]]) -> list[Case]:
    """Return a case for each target and horizon of each log."""
    return [Case(place, told, conclude(told.said)) for place, each in found for told in each]


def words(name: str, cases: Sequence[Case]) -> Words:
    """Return what the words were worth."""
    by_word = {word: [case for case in cases if case.word == word] for word in ("reliable", "weak", "invalid")}
    stands = [case for case in cases if case.word != "invalid" and case.go_by is not None]
    widths = [
        (case.go_by.high - case.go_by.low) / case.told.logged
        for case in stands
        if case.go_by is not None and case.go_by.high is not None and case.go_by.low is not None
    ]
    signs = [*_signs(cases), *_pairs(cases)]
    clear = [right for right in signs if right is not None]
    return Words(
        name,
        len(cases),
        len(by_word["reliable"]),
        len(by_word["weak"]),
        len(by_word["invalid"]),
        _share(case.covered for case in by_word["reliable"]),
        _share(case.covered for case in stands),
        float(np.median(widths)) if widths else None,
        len(clear),
        sum(not right for right in clear),
    )


def _signs(cases: Iterable[Case]) -> list[bool | None]:
    """Return of each case whether a clear difference to the log has the right sign; None where it is not clear."""
    stands = (case for case in cases if case.word != "invalid" and case.difference is not None)
    return [_right(case.difference, case.told.truth - case.told.logged) for case in stands]


def _pairs(cases: Sequence[Case]) -> list[bool | None]:
    """Return the same of the twin's difference of two targets from one log, over one horizon."""
    found = list[bool | None]()
    stands = [case for case in cases if case.word != "invalid" and case.said.recommended == "twin"]
    for one, other in itertools.combinations(stands, 2):
        if (one.place, one.told.horizon) == (other.place, other.told.horizon):
            a, b = one.told.said.twin, other.told.said.twin
            assert isinstance(a, Held)
            assert isinstance(b, Held)
            found.append(_right(apart(a, b), one.told.truth - other.told.truth))
    return found


def _right(said: Estimate | None, true: float) -> bool | None:
    """Return whether the sign of a clear difference is right; None where it is not clear."""
    if said is None or said.low is None or said.high is None or (said.low <= _SAME and said.high >= -_SAME):
        return None
    return true > _SAME if said.low > 0.0 else true < -_SAME


def estimated(cases: Sequence[Case]) -> list[Estimated]:
    """Return how each estimator did at each distance."""
    return [
        _estimated(name, distance, [case for case in cases if low <= _distance(case) < high], _ranks(name, cases))
        for name in ESTIMATORS
        for distance, low, high in DISTANCES
    ]


def _distance(case: Case) -> float:
    return case.said.diagnostics.get("shift") or 0.0


def _estimated(name: str, distance: str, cases: Sequence[Case], rank: float | None) -> Estimated:
    given = [(case, case.said.estimates[name]) for case in cases if name in case.said.estimates]
    values = [(case.told, e, e.value) for case, e in given if e.value is not None]
    off = [(value - told.truth) / told.logged for told, _, value in values]
    moved = [(told, value) for told, _, value in values if abs(told.truth - told.logged) >= 0.03 * told.logged]
    return Estimated(
        name,
        distance,
        len(values),
        float(np.sqrt(np.mean(np.square(off)))) if off else 0.0,
        _share((value > told.logged) == (told.truth > told.logged) for told, value in moved),
        _share(_holds(e, told.truth) for told, e, _ in values) or 0.0,
        rank,
    )


def _ranks(name: str, cases: Sequence[Case]) -> float | None:
    """Return the mean rank correlation of an estimator with the truth, over the targets of a log and horizon."""
    found = list[float]()
    for _, group in itertools.groupby(sorted(cases, key=_of_run), key=_of_run):
        pairs = [(c.said.estimates[name].value or 0.0, c.told.truth) for c in group if name in c.said.estimates]
        said, true = (rankdata(column) for column in zip(*pairs, strict=True)) if pairs else (np.ones(1), np.ones(1))
        if len(pairs) >= 3 and np.std(said) > 0.0 and np.std(true) > 0.0:
            found.append(float(np.corrcoef(said, true)[0, 1]))
    return float(np.mean(found)) if found else None


def _of_run(case: Case) -> tuple[str, int]:
    return case.place.name, case.told.horizon


def _holds(estimate: Estimate, truth: float) -> bool:
    if estimate.low is None or estimate.high is None:
        return False
    return estimate.low - _SAME <= truth <= estimate.high + _SAME


def _share(values: Iterable[bool | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
