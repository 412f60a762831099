"""What an audit answers: what was found, what a right log of this length would have hidden, what could not be asked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from serendip.experiments.offline.judging.audit.evidence import ALPHA, MOST


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
class Power:
    """The smallest errors that this log would show, as factors above 1; None where none up to 16 would.

    Attributes:
        too_small: all propensities too small by this factor.
        too_large: all propensities too large by it.
        item: the item of which the log says most, or None.
        item_too_small: the propensities of that item too small.
        item_too_large: the propensities of that item too large.
        half_of_items: those of an item too small, for at least half of the items that were shown.
    """

    too_small: float | None
    too_large: float | None
    item: int | None
    item_too_small: float | None
    item_too_large: float | None
    half_of_items: float | None

    def sentence(self) -> str:
        """Return what the log would show, in words."""
        if self.too_small is None:
            return f"this log would not even show all propensities wrong by a factor of {MOST:g}"
        down = f"of all propensities {1.0 - 1.0 / self.too_small:.1%} too small"
        up = "too large ones it cannot show" if self.too_large is None else f"{self.too_large - 1.0:.1%} too large"
        one = f"of one item's it shows none below a factor of {MOST:g}"
        if self.item_too_small is not None:
            one = f"of item {self.item}, which it says most of, {1.0 - 1.0 / self.item_too_small:.0%} too small"
            if self.half_of_items is not None:
                one += f", of half the items {1.0 - 1.0 / self.half_of_items:.0%}"
        return f"this log would show an error {down}, {up}; {one}"


@dataclass(frozen=True, slots=True)
class Audit:
    """What was asked of a log, and what it answered.

    Attributes:
        log: its path.
        checks: what was checked, in the order of asking.
        broken: names of the logging policies whose propensities cannot be right.
        power: the smallest errors that the log would show.
    """

    log: str
    checks: list[Check]
    broken: list[str]
    power: Power

    @property
    def sound(self) -> bool:
        """Whether nothing was found; what would have shown is in `power`."""
        return all(check.passed is not False for check in self.checks)

    @property
    def not_asked(self) -> list[str]:
        """Names of the questions that this log cannot answer."""
        return [check.name for check in self.checks if check.passed is None]

    @property
    def answer(self) -> str:
        """The audit in a sentence."""
        if self.sound:
            return f"nothing found; {self.power.sentence()}"
        names = ", ".join(self.broken) or "the logger"
        return f"broken: {names}; no importance weight from this log can be trusted"

    def to_json(self) -> dict[str, Any]:
        """Return the audit as plain JSON values."""
        said = {"answer": self.answer, "false_alarms": ALPHA, "not_asked": self.not_asked}
        return {"sound": self.sound} | said | dataclasses.asdict(self)
