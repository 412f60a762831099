"""What is said of a log's estimates: which to go by, the diagnostics and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.diagnosis import diagnose, largest_weights, of_items, range_of
from serendip.experiments.offline.judging.ledger import Ledger
from serendip.experiments.offline.judging.recommendation import recommend, slates_hold
from serendip.experiments.offline.judging.tuning import settle
from serendip.experiments.offline.judging.verdict import INVALID, Verdict, judge, moving
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.valuation import Method, Valued


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is said of a log for a target.

    Attributes:
        estimates: what each estimator says, by its name.
        diagnostics: numbers by name; None where unknown.
        verdict: the word, and why.
        recommended: name of the estimator to go by, or None.
        because: why that one, in a sentence.
        notes: what was tuned, in sentences.
        still: whether nothing shows that users change with what they are shown.
    """

    estimates: dict[str, Estimate]
    diagnostics: dict[str, float | None]
    verdict: Verdict
    recommended: str | None
    because: str
    notes: list[str]
    still: bool


def conclude(
    valued: Valued,
    source: Source,
    asked: Sequence[str],
    method: Method,
    unseen: float | None,
    drift: float | None,
    ledger: Ledger | None,
) -> Conclusion:
    """Return the estimates of a log, what diagnostics say of them, and the verdict.

    Args:
        valued: the sums of the pass.
        source: the log.
        asked: names of the estimators.
        method: how it was valued.
        unseen: the target's mean probability of items that the log never shows, or None.
        drift: of what the log shows, or None.
        ledger: what was read of items and slates, or None.
    """
    found, clips, notes = _settled(valued, source, asked, method)
    slates = source.slate_size > 1 and slates_hold(valued, source.slate_size)
    recommended, because = recommend(found, valued, slates)
    diagnostics = diagnose(valued, unseen, source.propensity_floor, source.estimates_propensities)
    diagnostics |= of_items(ledger, valued) | {
        "drift": drift,
        "trained_apart": float(method.trained_apart),
        "rows_are_users": float(source.rows_are_users),
        "slate_size": float(source.slate_size),
        "slates_hold": float(slates),
        "value": found[recommended].value if recommended else None,
        "clip": clips.get("clipped_ips", (method.tuning or {})["clip"]),
    }
    verdict = judge(diagnostics)
    if verdict.word == INVALID:
        recommended, because = None, "No estimate is recommended: this log cannot value this target."
    return Conclusion(found, diagnostics, verdict, recommended, because, notes, not moving(diagnostics))


def rewards_of(source: Source, valued: Valued) -> tuple[float, float]:
    """Return the smallest and the largest reward, as declared or else as seen."""
    return source.reward_range or range_of(valued)


def _settled(
    valued: Valued, source: Source, asked: Sequence[str], method: Method
) -> tuple[dict[str, Estimate], dict[str, float], list[str]]:
    """Return the estimates, with what was tuned settled; the settings that were chosen; and sentences on that."""
    clip = (method.tuning or {})["clip"]
    clips = {name: float(name.partition("@")[2] or clip) for name in valued.names if name.startswith("clipped_ips")}
    largest = largest_weights(clips, source.propensity_floor) if source.reward_range else None
    found = valued.estimates(rewards_of(source, valued), largest, others=method.others)
    if not method.tune:
        return found, {}, []
    return settle(asked, found, clip)
