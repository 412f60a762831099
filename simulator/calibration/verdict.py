"""What a fit to ratings is worth: what was fitted, what is assumed, what the data cannot say, which checks failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.calibration.checks import Check
from serendip.simulator.calibration.rates import Activity, Rates
from serendip.simulator.calibration.replicas import History

FAILS = 0.05  # p at or below which a check has failed
MIN_USERS, MIN_ITEMS, MIN_POSITIVES = 20, 10, 100
MIN_SHARE = 0.001  # of the rows that must be positives
MIN_DAYS, MIN_RETURNS = 14, 20  # days of data; people who came on another day
BORDERS = np.exp([-6.9, 6.9])  # of the parameters of leaving, within which the search has found something
FITTED = ("items' factors, qualities and topics", "tastes", "what people know at the start")
ASSUMED = (
    "satiation, the effects of discovery and satisfaction on activity, and how these fade (the default's)",
    "clicking nothing and examination by position (the default's; histories are put at a utility of 1)",
)


@dataclass(frozen=True, slots=True)
class FitVerdict:
    """What a fitted world can be taken for.

    Attributes:
        fitted: what the data decided.
        assumed: what such data do not say, and is as in the preset worlds.
        unidentified: what was asked of the data, and they could not say, each with why.
        failed: checks that the world failed.
        unasked: checks that could not be asked.
        asked: number of checks that could.
    """

    fitted: tuple[str, ...]
    assumed: tuple[str, ...]
    unidentified: tuple[str, ...]
    failed: tuple[str, ...]
    unasked: tuple[str, ...]
    asked: int

    @property
    def word(self) -> str:
        """`fits`, `fits in part`, `does not fit`, or `nothing to fit`."""
        if self.unidentified:
            return "nothing to fit"
        if not self.failed:
            return "fits"
        return "does not fit" if 2 * len(self.failed) > self.asked else "fits in part"

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        names = ("word", "fitted", "assumed", "unidentified", "failed", "unasked")
        return {name: list(v) if isinstance(v := getattr(self, name), tuple) else v for name in names}

    def lines(self) -> list[str]:
        """Return the verdict as lines of text for a person."""
        n_failed = len(self.failed)
        failed = f"failed {n_failed} of {self.asked} checks" + (f": {', '.join(self.failed)}" if n_failed else "")
        unasked = f"; could not be asked: {', '.join(self.unasked)}" if self.unasked else ""
        return [
            f"verdict: {self.word}; {failed}{unasked}",
            f"fitted: {', '.join(self.fitted) or 'nothing'}",
            *(f"assumed: {what}" for what in self.assumed),
            *(f"not identified: {what}" for what in self.unidentified),
        ]


def judge(history: History, activity: Activity, rates: Rates, checks: Sequence[Check], n_rows: int) -> FitVerdict:
    """Return what a fit is worth.

    Args:
        history: the positives that were kept.
        activity: when the people were active.
        rates: how often they come and how they leave.
        checks: the data against draws from the fitted world.
        n_rows: rows of the file.
    """
    tastes, coming, leaving = _of_tastes(history, n_rows), _of_coming(activity), _of_leaving(activity, rates)
    fitted = [*(() if tastes else FITTED)]
    fitted += [] if coming else ["how often people come"]
    fitted += [] if coming or leaving else ["leaving for good after a day active"]
    assumed = [*ASSUMED, *([f"leaving for good: {leaving}; the default's is taken"] if leaving else [])]
    return FitVerdict(
        fitted=tuple(fitted),
        assumed=tuple(assumed),
        unidentified=tuple(what for what in (tastes, coming) if what),
        failed=tuple(c.name for c in checks if c.p_value is not None and c.p_value <= FAILS),
        unasked=tuple(c.name for c in checks if c.p_value is None),
        asked=sum(c.p_value is not None for c in checks),
    )


def leaving_is_fitted(activity: Activity, rates: Rates) -> bool:
    """Return whether the data say how people leave."""
    return not _of_leaving(activity, rates) and not _of_coming(activity)


def _of_tastes(history: History, n_rows: int) -> str:
    """Return why tastes are not identified, or nothing."""
    n_users, n_items, n = len(history.people), len(history.kept), len(history.user)
    if n_users < MIN_USERS or n_items < MIN_ITEMS or n < MIN_POSITIVES:
        return (
            f"tastes: {n} positives of {n_users} users and {n_items} items; at least {MIN_POSITIVES}, {MIN_USERS} and "
            f"{MIN_ITEMS} are needed"
        )
    if n < MIN_SHARE * n_rows:
        return f"tastes: only {n:,} of {n_rows:,} rows are positives; one rating far above the others hides them"
    return ""


def _of_coming(activity: Activity) -> str:
    """Return why rates are not identified, or nothing."""
    days, returns = int(activity.watched.max()) + 1, int((activity.repeats > 0).sum())
    if days < MIN_DAYS or returns < MIN_RETURNS:
        return (
            f"how often people come: {returns} of them on another day, within {days} days; at least {MIN_RETURNS} and "
            f"{MIN_DAYS} are needed (are the times seconds?)"
        )
    return ""


def _of_leaving(activity: Activity, rates: Rates) -> str:
    """Return why leaving is not identified, or nothing."""
    for name in ("leave_a", "leave_b"):
        value = getattr(rates, name)
        if not BORDERS[0] < value < BORDERS[1]:
            return f"the search ended at {name} = {value:.3g}, where more or less would fit as well"
    return ""
