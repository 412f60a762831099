"""What the words were worth: coverage, width and signs for each verdict and recommended estimate of each situation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from serendip.experiments.ope_study.gauntlet import SITUATIONS
from serendip.experiments.ope_study.gauntlet.trial import Trial

PROMISED, POOLED = 0.93, 0.945  # coverage where reliable: in each situation, and over all
_CLOSE = 0.1  # how far SNIPS may be off, relative to the truth, to be called fine


@dataclass(frozen=True, slots=True)
class Row:
    """The logs of a situation that were given a verdict and a recommendation.

    Attributes:
        situation: its name.
        half: `learned` or `shown`.
        verdict: the word.
        recommended: the estimate to go by; `none` where there is none.
        logs: how many.
        share: share of the situation's logs.
        coverage: share of recommended intervals that hold the truth; None where nothing is recommended.
        width: their median width, relative to the truth.
        bias: mean error of the recommended value, relative to the truth.
        clear: share whose interval leaves out the log's own mean reward: the target is said to be better, or worse.
        wrong: share in which that is said and is not so.
    """

    situation: str
    half: str
    verdict: str
    recommended: str
    logs: int
    share: float
    coverage: float | None
    width: float | None
    bias: float | None
    clear: float | None
    wrong: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """How one estimate did over the logs of a situation, whatever was said of them, beside SNIPS on the same logs.

    Attributes:
        situation: its name.
        estimator: its name.
        logs: how many have an interval of it.
        coverage: share of its intervals that hold the truth.
        width: median of its width over that of SNIPS.
        error: its root mean squared error over that of SNIPS.
    """

    situation: str
    estimator: str
    logs: int
    coverage: float
    width: float
    error: float


@dataclass(frozen=True, slots=True)
class Summary:
    """How the words did in a situation.

    Attributes:
        situation: its name.
        half: `learned` or `shown`.
        logs: how many.
        reliable: how many were called reliable.
        weak: weak.
        invalid: invalid.
        coverage: coverage of recommended intervals where reliable; None where none was.
        weak_coverage: coverage of recommended intervals where weak; None where none was.
        width: median width of recommended intervals where reliable, relative to the truth.
        snips_coverage: coverage of the interval of SNIPS over all logs.
        fine: logs in which SNIPS is within 10% of the truth, if its interval covers as it should; else 0.
        fine_reliable: number of the fine logs that are called reliable.
        fine_invalid: number of the fine logs that are called invalid.
        wrong_sign: logs called reliable that were said to be clearly better or worse than the log, and are not.
    """

    situation: str
    half: str
    logs: int
    reliable: int
    weak: int
    invalid: int
    coverage: float | None
    weak_coverage: float | None
    width: float | None
    snips_coverage: float | None
    fine: int
    fine_reliable: int
    fine_invalid: int
    wrong_sign: int


def allowed(promised: float, n: int) -> float:
    """Return the lowest share of n that two binomial standard errors below what is promised allow."""
    return promised - 2.0 * float(np.sqrt(promised * (1.0 - promised) / max(n, 1)))


def covered(trial: Trial, name: str | None) -> bool | None:
    """Return whether the interval of an estimate holds the truth; None where there is none."""
    if name is None or name not in trial.estimates:
        return None
    _, low, high = trial.estimates[name]
    return low <= trial.truth <= high


def rows(found: Mapping[str, Sequence[Trial]]) -> list[Row]:
    """Return a row for each situation, verdict and recommended estimate that occurred."""
    made = list[Row]()
    for name, trials in found.items():
        for key in sorted({(t.verdict, t.recommended or "none") for t in trials}):
            chosen = [t for t in trials if (t.verdict, t.recommended or "none") == key]
            made.append(_row(name, key, chosen, len(trials)))
    return made


def _row(name: str, key: tuple[str, str], chosen: Sequence[Trial], n_logs: int) -> Row:
    half, share = SITUATIONS.card(name).half, len(chosen) / n_logs
    ends = [(t, t.estimates[key[1]]) for t in chosen if key[1] in t.estimates]
    if not ends:
        return Row(name, half, *key, len(chosen), share, None, None, None, None, None)
    scale = max(abs(float(np.mean([t.truth for t, _ in ends]))), 1e-12)
    return Row(
        name,
        half,
        *key,
        len(chosen),
        share,
        float(np.mean([low <= t.truth <= high for t, (_, low, high) in ends])),
        float(np.median([high - low for _, (_, low, high) in ends])) / scale,
        float(np.mean([value - t.truth for t, (value, _, _) in ends])) / scale,
        float(np.mean([clear(t, key[1]) != 0 for t, _ in ends])),
        float(np.mean([wrong_sign(t, key[1]) for t, _ in ends])),
    )


def beside_snips(found: Mapping[str, Sequence[Trial]]) -> list[Beside]:
    """Return how each estimate did in each situation in which it, and SNIPS, could be made."""
    made = list[Beside]()
    for situation, trials in found.items():
        trials = [t for t in trials if "snips" in t.estimates]
        for name in dict.fromkeys(name for t in trials for name in t.estimates):
            chosen = [t for t in trials if name in t.estimates]
            own, snips = (np.array([t.estimates[one] for t in chosen]) for one in (name, "snips"))  # (n, 3)
            truth = np.array([t.truth for t in chosen])
            holds = (own[:, 1] <= truth) & (truth <= own[:, 2])
            wide = (own[:, 2] - own[:, 1]) / np.maximum(snips[:, 2] - snips[:, 1], 1e-300)
            off, other = (float(np.mean((one[:, 0] - truth) ** 2)) for one in (own, snips))
            scores = float(holds.mean()), float(np.median(wide)), float(np.sqrt(off / max(other, 1e-300)))
            made.append(Beside(situation, name, len(chosen), *scores))
    return made


def clear(trial: Trial, name: str) -> int:
    """Return 1 or -1 where the interval says that the target is better, or worse, than what the log earned; else 0."""
    _, low, high = trial.estimates[name]
    return int(low > trial.observed) - int(high < trial.observed)


def wrong_sign(trial: Trial, name: str) -> bool:
    """Return whether the interval says that the target is better or worse than the logging policy, and it is not."""
    said = clear(trial, name)
    return said != 0 and said * (trial.truth - trial.logged) < 0.0


def summaries(found: Mapping[str, Sequence[Trial]]) -> list[Summary]:
    """Return how the words did in each situation."""
    return [_summary(name, trials) for name, trials in found.items()]


def _summary(name: str, trials: Sequence[Trial]) -> Summary:
    by_word = {word: [t for t in trials if t.verdict == word] for word in ("reliable", "weak", "invalid")}
    reliable = by_word["reliable"]
    snips = _share(covered(t, "snips") for t in trials)
    right = snips is not None and snips >= allowed(PROMISED, len(trials))
    fine = [t for t in trials if right and "snips" in t.estimates and _close(t)]
    ends = [t.estimates[t.recommended] for t in reliable if t.recommended in t.estimates]
    scale = max(abs(float(np.mean([t.truth for t in trials]))), 1e-12)
    return Summary(
        name,
        SITUATIONS.card(name).half,
        len(trials),
        len(reliable),
        len(by_word["weak"]),
        len(by_word["invalid"]),
        _share(covered(t, t.recommended) for t in reliable),
        _share(covered(t, t.recommended) for t in by_word["weak"]),
        float(np.median([high - low for _, low, high in ends])) / scale if ends else None,
        snips,
        len(fine),
        sum(t.verdict == "reliable" for t in fine),
        sum(t.verdict == "invalid" for t in fine),
        sum(wrong_sign(t, t.recommended) for t in reliable if t.recommended in t.estimates),
    )


def _close(trial: Trial) -> bool:
    return abs(trial.estimates["snips"][0] - trial.truth) <= _CLOSE * abs(trial.truth)


def _share(values: Iterable[bool | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def pooled(found: Sequence[Summary], half: str | None = None) -> dict[str, float]:
    """Return coverage where reliable over all logs, the least of any situation, and what was said of fine logs.

    Args:
        found: of each situation.
        half: only `learned` or `shown` situations; all when None.
    """
    chosen = [s for s in found if half is None or s.half == half]
    reliable = [(s.reliable, s.coverage) for s in chosen if s.coverage is not None]
    n, fine = sum(k for k, _ in reliable), sum(s.fine for s in chosen)
    return {
        "situations": len(chosen),
        "logs": sum(s.logs for s in chosen),
        "reliable": n,
        "coverage": sum(k * c for k, c in reliable) / max(n, 1),
        "broken": sum(c < allowed(PROMISED, k) for k, c in reliable),
        "fine": fine,
        "fine_reliable": sum(s.fine_reliable for s in chosen) / max(fine, 1),
        "fine_invalid": sum(s.fine_invalid for s in chosen) / max(fine, 1),
        "wrong_sign": sum(s.wrong_sign for s in chosen) / max(n, 1),
    }
