"""The slots of a log as columns, and the decisions that they belong to."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.simulator import randomness
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints, Items
from serendip.simulator.logs import open_log
from serendip.simulator.logs.spells import Spells, moment

MOST_SLOTS = 1_500_000  # that are kept in memory; of longer logs a share of the users is asked about
SAME = 1e-9  # relative: numbers that are the same but for rounding
LONG = 5_000  # blocks after which exploration of a share worth its name has come up
_RARE = 30  # blocks with a propensity near the smallest, after which that is taken to be the smallest there is


@dataclass(frozen=True, slots=True)
class Rows:
    """n slots in order of time.

    A block is all that a user is shown on a day: slates of a day may share a hypothesis, so that one tells of another.
    Where items are hidden by user it is one slate, because what is hidden changes with what was clicked.

    Attributes:
        user: (n,) who.
        day: (n,) when; 0 throughout where that is unknown.
        visit: (n,) which slate of the day.
        position: (n,) from 0.
        item: (n,) from 0.
        propensity: (n,) in (0, 1].
        whole: (n,) probability of the slate; NaN where it is unknown.
        policy: (n,) index of the logging policy.
        version: (n,) of the policy.
        block: (n,) the block of each slot, from 0, in order of time.
        items: the catalogue.
        policies: names.
        floor: what no propensity is below; 0 where that is unknown.
        share: share of the users that are kept.
        hidden: spells in which items were hidden from users; None where none was.
    """

    user: Ints
    day: Ints
    visit: Ints
    position: Ints
    item: Ints
    propensity: Floats
    whole: Floats
    policy: Ints
    version: Ints
    block: Ints
    items: Items
    policies: tuple[str, ...]
    floor: float
    share: float
    hidden: Spells | None = None

    def __len__(self) -> int:
        return len(self.user)

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return int(self.block.max()) + 1

    def pick(self, rows: Any) -> Rows:
        """Return some of the slots, their blocks numbered anew."""
        picked = {f.name: getattr(self, f.name)[rows] for f in dataclasses.fields(self)[:10]}
        picked["block"] = np.unique(picked["block"], return_inverse=True)[1]
        return dataclasses.replace(self, **picked)


_COLUMNS = ("user_id", "day", "visit", "position", "item_id", "propensity", "slate_propensity", "policy")


def rows_of_log(source: LogSource) -> Rows:
    """Return the slots of a log.

    Raises:
        DataError: a row that cannot be.
    """
    log = open_log(source.path)
    share, kept = min(MOST_SLOTS / max(source.n_rows, 1), 1.0), list[dict[str, Any]]()
    key = randomness.derive(0, "audited users")
    for batch in log.batches():
        rows = slice(None) if share == 1.0 else randomness.uniform(key, batch.user_id) < share
        names = (*_COLUMNS, "policy_version")
        kept.append({name: getattr(batch, name)[rows] for name in names})
    found = {name: np.concatenate([part[name] for part in kept]) for name in kept[0]} if kept else {}
    if not found or not len(found["user_id"]):
        raise DataError(f"{source.path}: holds no slots; there is nothing to audit")
    wide = {name: found[name].astype(np.int64) for name in ("day", "visit", "position", "policy", "policy_version")}
    columns = [found["user_id"], wide["day"], wide["visit"], wide["position"], found["item_id"], found["propensity"]]
    items = source.items()
    floor = _floor(log.meta.propensity_floor, log.meta.agents, items.n_items, float(found["propensity"].min()))
    whole = found["slate_propensity"].astype(np.float64)
    columns += [whole, wide["policy"], wide["policy_version"]]
    order = np.lexsort((columns[3], columns[0], columns[2], columns[1]))
    columns = [column[order] for column in columns]
    slate = columns[1] if source.hidden is None else np.unique(moment(*columns[1:3]), return_inverse=True)[1]
    whole_rows: Any = (*columns, blocks(columns[0], slate))
    rows = dataclasses.replace(_rows(whole_rows, items, log.meta.policies, floor, share), hidden=source.hidden)
    return rows if floor else with_floor(rows)


def rows_of_table(source: TableSource) -> Rows:
    """Return the rows of one's own table, each a decision of its own.

    Raises:
        DataError: a value that cannot be, or no column with the item.
    """
    items = source.items()
    parts = [(b.user, b.position, b.item, b.propensity) for b in source.batches()]
    user, position, item, propensity = (np.concatenate(column) for column in zip(*parts, strict=True))
    rows = slice(None) if len(user) <= MOST_SLOTS else slice(0, MOST_SLOTS)
    share = min(MOST_SLOTS / len(user), 1.0)
    columns = [user[rows], position[rows], item[rows], propensity[rows]]
    none: Ints = np.zeros(len(columns[0]), dtype=np.int64)
    unknown, serial = np.full(len(none), np.nan), np.arange(len(none))
    given: Any = (columns[0], none, serial, *columns[1:], unknown, none, none, serial)
    return with_floor(_rows(given, items, ("the logger",), 0.0, share))


def _rows(columns: Any, items: Items, policies: tuple[str, ...], floor: float, share: float) -> Rows:
    """Return the rows of ten columns, in the order of the attributes."""
    user, day, visit, position, item, propensity, whole, policy, version, block = columns
    first = user, day, visit, position, item, propensity
    return Rows(*first, whole, policy, version, block, items, policies, floor, share)


def blocks(user: Ints, day: Ints) -> Ints:
    """Return (n,) the number of the user and day (or what else counts time), of slots in order of it."""
    names, who = np.unique(user, return_inverse=True)
    return np.unique(who + day * len(names), return_inverse=True)[1]


def _floor(stated: float, agents: tuple[dict[str, Any], ...], n_items: int, seen: float) -> float:
    """Return what the log says is the smallest propensity there can be; 0 where it only knows what came up."""
    exploring = [float(agent.get("epsilon") or 0.0) for agent in agents]
    if exploring and min(exploring) > 0.0:
        return min(exploring) / n_items
    return stated if 0.0 < stated < seen * (1.0 - SAME) else 0.0


def with_floor(rows: Rows) -> Rows:
    """Return the rows with the smallest propensity that came up as the floor, where it came up often in a long log.

    Else nothing can be said of what is rarer: a branch that was not taken yet explains any mean weight below 1.
    """
    least = float(rows.propensity.min())
    n_rare = len(np.unique(rows.block[rows.propensity <= 1.5 * least]))
    fits = least * rows.items.n_items <= 1.0 + SAME
    known = fits and n_rare >= _RARE and rows.n_blocks >= LONG
    return dataclasses.replace(rows, floor=least) if known else rows
