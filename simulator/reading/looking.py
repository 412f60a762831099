"""What is in a file of interactions, and what a fit or a benchmark would keep of it and why."""

from __future__ import annotations

import numpy as np

from serendip.simulator.reading.interactions import Interactions

SHOWN = 5  # rows
WIDEST = 24  # letters of a cell


def look(found: Interactions, min_events: int = 5) -> list[str]:
    """Return what was read, the first rows, and what is kept and dropped, in lines for a person.

    Args:
        found: the interactions.
        min_events: positives that a user, or an item, needs to be kept.
    """
    return [*found.said(), *_first_rows(found), *_kept(found, min_events)]


def _first_rows(found: Interactions) -> list[str]:
    """Return the first rows as they stand in the file, below the names of the columns."""
    named = {getattr(found.roles, role): role for role in ("user", "item", "time", "rating")}
    head = [f"{name} ({named[name]})" if name in named else name for name in found.form.names]
    table = [head, *(list(row) for row in found.form.rows[:SHOWN])]
    cells = [[cell if len(cell) <= WIDEST else f"{cell[: WIDEST - 3]}..." for cell in row] for row in table]
    widths = [max(len(row[at]) for row in cells if at < len(row)) for at in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells)
    return ["", *(f"  {line}" for line in lines), ""]


def _kept(found: Interactions, least: int) -> list[str]:
    """Return what is dropped in turn and why, and what is left."""
    n = len(found.user)
    user, item = found.user[found.liked], found.item[found.liked]
    first = np.unique(user * len(found.item_names) + item, return_index=True)[1]
    repeats = len(user) - len(first)
    user, item = user[first], item[first]
    by_user = np.bincount(user, minlength=len(found.user_names))
    by_item = np.bincount(item, minlength=len(found.item_names))
    few = (by_user > 0) & (by_user < least)
    benchmark, rare = by_user[user] >= least, (by_item > 0) & (by_item < least)
    return [
        f"dropped: {n - int(found.liked.sum()):,} rows that are no positives ({found.rule})",
        f"dropped: {repeats:,} positives that repeat a user and an item; the first one counts",
        f"`benchmark` drops {int(few.sum()):,} users with fewer than {least} positives (--min-events), and keeps "
        f"{int(benchmark.sum()):,} positives of {int((by_user >= least).sum()):,} users and "
        f"{len(np.unique(item[benchmark])):,} items",
        f"`calibrate` drops items with fewer than {least} positives, or fewer where that keeps less than 80% of them: "
        f"{int(rare.sum()):,} items with {int(rare[item].sum()):,} positives"
        + ("" if found.times is not None else "; it needs times, which there are not"),
    ]
