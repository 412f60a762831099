"""Whether a log's propensities are the probabilities that they say they are, from the log alone.

Whatever the policy, the weight of what was shown against a fixed target has a mean of 1.  Each target is a question:
the uniform one, of all decisions, of a policy, its version, a day, a position; those that show a tenth of the items,
one item, or what a user was shown before.  Beside them stand questions of whole slates and of whether a propensity
belongs to its own slot, and the logged agent itself where it is saved beside the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from serendip.experiments.offline.judging.audit import weights
from serendip.experiments.offline.judging.audit.answer import Audit, Check, Power
from serendip.experiments.offline.judging.audit.evidence import Weighed, evidence, needed, shown, visible
from serendip.experiments.offline.judging.audit.places import CLEAR, slips
from serendip.experiments.offline.judging.audit.rows import LONG, SAME, Rows, rows_of_log, rows_of_table
from serendip.experiments.offline.judging.replay import replayed
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats

SHARES = {  # of the false alarms that an audit may raise, by question
    "mean weight": 0.2,
    "mean weight by policy": 0.05,
    "mean weight by policy version": 0.05,
    "mean weight by day": 0.1,
    "mean weight by position": 0.1,
    "mean weight by tenth of the items": 0.15,
    "mean weight by tenth of the items and position": 0.05,
    "mean weight by item": 0.1,
    "mean weight by item and position": 0.05,
    "mean weight of what users were shown before": 0.05,
    "mean weight by item, of who was shown it before": 0.05,
    "mean weight of slates": 0.05,
}
TOO_SMALL = "propensities are too small, such as those of the branch that was taken or of too few samples"
TOO_LARGE = "propensities are too large, or some of what uniform shows is never shown (no exploration)"
_UNSEEN = 10.0  # showings of other items that propensities leave room for, after which some would have come up
_FACTOR = 4.0  # an error of a single item that is worth asking about


def audit_source(source: LogSource | TableSource) -> Audit:
    """Return what can be said of the propensities of a log, or of one's own table.

    Raises:
        DataError: the log holds no slot, a table no item, or a row what cannot be: no log of which to ask more.
    """
    path = str(source.path)
    try:
        rows = rows_of_log(source) if isinstance(source, LogSource) else rows_of_table(source)
    except DataError as error:
        if isinstance(source, TableSource) or ": row " not in str(error):
            raise
        raise DataError(f"{error}; the log is broken, and no weight from it can be trusted") from error
    replay = replayed(source.path) if isinstance(source, LogSource) else (None, "A table has no agent beside it.")
    return audit_rows(rows, path, [_whole(source), Check("replay of the logged agent", *replay)])


def _whole(source: LogSource | TableSource) -> Check:
    """Return whether a log is as long as it says it is; who opened it has looked."""
    if isinstance(source, LogSource) and source.counted:
        return Check("whole", True, "It has the parts, rows and users that it says it has, and their checksums.")
    return Check("whole", None, "It does not say how many rows it has, so that missing ones would not be missed.")


def audit_rows(rows: Rows, path: str, last: Sequence[Check] = ()) -> Audit:
    """Return what can be said of slots.

    Args:
        rows: the slots.
        path: what the log is called.
        last: further checks.
    """
    asked = _Asked(rows)
    checks = [Check("rows in range", True, f"All {len(rows)} slots{_share(rows)} have values that can be.")]
    checks += [_certainty(rows), _floor(rows), _overall(asked), *_groups(asked), _slates(rows), _places(rows), *last]
    return Audit(path, checks, _broken(asked, checks), asked.power())


class _Asked:
    """The questions that weights answer, and their answers.

    Attributes:
        rows: the slots.
        weighed: the weights of each question that could be put.
        found: log evidence above and below, of each.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        zero = np.zeros(len(rows), dtype=np.int64)
        put: list[Callable[[], Weighed | None]] = [
            lambda: weights.uniform(rows, zero),
            lambda: weights.uniform(rows, rows.policy),
            lambda: weights.uniform(rows, rows.version),
            lambda: weights.uniform(rows, rows.day),
            lambda: weights.by_position(rows),
            lambda: weights.by_popularity(rows, positions=False),
            lambda: weights.by_popularity(rows, positions=True),
            lambda: weights.by_item(rows, positions=False),
            lambda: weights.by_item(rows, positions=True),
            lambda: weights.seen_before(rows),
            lambda: weights.by_item_seen_before(rows),
            lambda: weights.of_slates(rows),
        ]
        made = {name: each() for name, each in zip(SHARES, put, strict=True)}
        self.weighed = {name: one for name, one in made.items() if one is not None}
        self.found = {name: evidence(one) for name, one in self.weighed.items()}

    def enough(self, name: str) -> float:
        """Return the log evidence that condemns a group."""
        return needed(SHARES[name], int(np.count_nonzero(self.weighed[name].decisions)))

    def condemned(self, name: str) -> tuple[Floats, Floats]:
        """Return (G,) by how much evidence that the mean is above, and below, exceeds what is enough."""
        above, below = self.found[name]
        return above - self.enough(name), below - self.enough(name)

    def power(self) -> Power:
        """Return the smallest errors that the log would show."""
        everything = visible(self.weighed["mean weight"], self.enough("mean weight"))
        small, large = np.full((2, self.rows.items.n_items), np.inf)
        for name in ("mean weight by item", "mean weight by item, of who was shown it before"):
            if name in self.weighed:
                one = visible(self.weighed[name], self.enough(name))
                small, large = np.minimum(small, one[0]), np.minimum(large, one[1])
        best = int(np.argmin(small))
        shown = small[np.bincount(self.rows.item, minlength=len(small)) > 0]
        return Power(
            too_small=_finite(everything[0][0]),
            too_large=_finite(everything[1][0]),
            item=best if np.isfinite(small[best]) else None,
            item_too_small=_finite(small[best]),
            item_too_large=_finite(large[best]),
            half_of_items=_finite(float(np.median(shown))),
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _share(rows: Rows) -> str:
    return "" if rows.share == 1.0 else f" (of {rows.share:.0%} of the users)"


def _certainty(rows: Rows) -> Check:
    share = float((rows.propensity == 1.0).mean())
    if share == 1.0 and rows.items.n_items > 1:
        why = "Every propensity is 1: that is what was shown, not how likely it was."
        return Check("propensities below 1", False, why)
    return Check("propensities below 1", True, f"{share:.1%} of the propensities are 1.")


def _floor(rows: Rows) -> Check:
    name, least = "smallest propensity", float(rows.propensity.min())
    if not rows.floor:
        return Check(name, None, f"The log does not say what propensities are at least; {least:.3g} came up.")
    if least < rows.floor * (1.0 - SAME):
        return Check(name, False, f"A propensity is {least:.6g}; the logger gives nothing less than {rows.floor:.6g}.")
    return Check(name, True, f"None is below {rows.floor:.3g}.")


def _overall(asked: _Asked) -> Check:
    name, rows, one = "mean weight", asked.rows, asked.weighed["mean weight"]
    above, below = (float(side[0]) for side in asked.condemned(name))
    z, said = float(one.off()[0]), f"The mean weight against uniform is {one.means()[0]:.4f}"
    if above >= 0.0:
        return Check(name, False, f"{said}, {abs(z):.1f} standard errors from 1: {TOO_SMALL}.")
    if below >= 0.0 or _unexplored(rows, z):
        return Check(name, False, f"{said}, {abs(z):.1f} standard errors from 1: {TOO_LARGE}.")
    small, large = (np.isfinite(side[0]) for side in visible(one, asked.enough(name)))
    if not small and not large:
        why = "exploration is too rare, for a log of this length, for the mean weight to say anything"
        return Check(name, None, f"{said}; {why}.")
    if not large:
        why = "whether propensities are too large cannot be asked, as what is rarer may not have come up"
        return Check(name, True, f"{said}, not clearly above 1; {why}.")
    return Check(name, True, f"{said}, {abs(z):.1f} standard errors from 1.")


def _unexplored(rows: Rows, z: float) -> bool:
    """Return whether a long log, of propensities that leave room for other items, never showed a rare one."""
    room = float((1.0 - rows.propensity).sum())
    rare = rows.propensity.min() * rows.items.n_items <= 1.0 + SAME
    return not rows.floor and not rare and rows.n_blocks >= LONG and room >= _UNSEEN and z < -CLEAR


def _groups(asked: _Asked) -> list[Check]:
    found = list[Check]()
    for name in SHARES:
        if name in ("mean weight", "mean weight of slates"):
            continue
        if name not in asked.weighed:
            found.append(Check(name, None, "There are too few days, or items, to ask."))
            continue
        found.append(_group(asked, name))
    return found


def _group(asked: _Asked, name: str) -> Check:
    above, below = asked.condemned(name)
    wrong = np.flatnonzero(np.maximum(above, below) >= 0.0)
    one = asked.weighed[name]
    n = int(np.count_nonzero(one.decisions))
    if len(wrong):
        worst = int(np.argmax(np.maximum(above, below)))
        why = TOO_SMALL if above[worst] >= below[worst] else TOO_LARGE
        detail = f"{_called(asked.rows, name, worst)} has {one.means()[worst]:.4f}: {why}"
        return Check(name, False, f"{len(wrong)} of {n} are not 1: {detail}.")
    n_seen = int(np.count_nonzero(shown(one, asked.enough(name), _FACTOR)))
    if not n_seen:
        why = f"The log is too short for what is rare in it to say anything of {'one' if n == 1 else 'single ones'}."
        return Check(name, None, why)
    of = f"of {n_seen} an error of a factor of {_FACTOR:g} would show"
    return Check(name, True, f"Each of {n} is within chance of 1; {of}.")


def _called(rows: Rows, name: str, group: int) -> str:
    """Return what a group is, in words."""
    n_items = rows.items.n_items
    n_tenths = min(weights.TENTHS, n_items)
    if name.endswith("by policy"):
        return rows.policies[group]
    if name.endswith("item and position"):
        return f"item {group % n_items} at position {group // n_items}"
    if name.endswith("items and position"):
        return f"tenth {group % n_tenths + 1} at position {group // n_tenths}"
    if name.endswith("tenth of the items"):
        return f"tenth {group + 1} (1: the most shown)"
    if "item" in name:
        return f"item {group}"
    return f"{name.rpartition(' by ')[2]} {group}" if " by " in name else "it"


def _slates(rows: Rows) -> Check:
    """Return whether the chance of a slate can go with those of its slots.

    It is at most that of each slot, and at least their sum less all slots but one (Frechet's bounds).
    """
    name, n_places = "slates against their slots", int(rows.position.max()) + 1
    known = np.flatnonzero(~np.isnan(rows.whole))
    if not len(known) or len(rows) % n_places:
        return Check(name, None, "The log has no probabilities of slates.")
    slots, whole = rows.propensity.reshape(-1, n_places), rows.whole.reshape(-1, n_places)[:, 0]
    over = whole > slots.min(axis=1) * (1.0 + 1e-6)
    under = whole < slots.sum(axis=1) - (n_places - 1.0) - 1e-6
    n_wrong = int(np.count_nonzero(over | under))
    if n_wrong:
        why = "A slate cannot be likelier than one of its slots, nor rarer than all of them together allow"
        return Check(name, False, f"{why}: {n_wrong} of {len(whole)} are.")
    return Check(name, True, f"The {len(whole)} slates have probabilities that can go with those of their slots.")


def _places(rows: Rows) -> Check:
    name = "propensities stand with their slots"
    found = dict(slips(rows)) if len(np.unique(rows.user)) >= 2 else {}
    wrong = {place: z for place, z in found.items() if z > CLEAR}
    if wrong:
        place = max(wrong, key=lambda key: wrong[key])
        return Check(name, False, f"They fit another slot better by {wrong[place]:.1f} standard errors: {place}.")
    asked = [place for place, z in found.items() if z < -CLEAR]
    if not asked:
        return Check(name, None, "What was shown before does not go with the propensities; a slip would not show.")
    hidden = [place for place in found if place not in asked]
    rest = f"; of {len(hidden)} others that cannot be told" if hidden else ""
    return Check(name, True, f"They fit their own slots better than {len(asked)} others{rest}.")


def _broken(asked: _Asked, checks: list[Check]) -> list[str]:
    """Return the names of the policies whose propensities cannot be right."""
    policies = asked.rows.policies
    if all(check.passed is not False for check in checks):
        return []
    above, below = asked.condemned("mean weight by policy")
    wrong = [policies[p] for p in np.flatnonzero(np.maximum(above, below) >= 0.0)]
    return wrong or (list(policies) if len(policies) == 1 else [])
