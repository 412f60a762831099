"""What the columns of a log from elsewhere are called."""

from __future__ import annotations

from collections.abc import Mapping

from serendip.simulator.errors import SettingsError

RECOGNISED: dict[str, tuple[str, ...]] = {  # what a column may be called when nothing is said
    "reward": ("reward", "click", "clicked"),
    "propensity": ("propensity", "propensity_score", "pscore"),
    "item": ("item_id", "item", "action"),
    "position": ("position",),
    "user": ("user_id", "user"),
    "day": ("day",),
    "visit": ("visit",),
    "target": (),
    "topic": (),
    "topic_propensity": ("topic_propensity",),
    "topic_target": ("topic_target",),
    "prefix_propensity": ("prefix_propensity",),
    "prefix_target": ("prefix_target",),
    "slate_propensity": ("slate_propensity",),
    "slate_target": ("slate_target",),
    "balanced_propensity": ("balanced_propensity",),
    "predicted": ("predicted",),
    "expected": ("expected",),
}
WEIGHTS = {  # further columns that are one column over another
    "marginal_weight": ("topic_target", "topic_propensity"),
    "prefix_weight": ("prefix_target", "prefix_propensity"),
    "slate_weight": ("slate_target", "slate_propensity"),
}
AS_THEY_ARE = ("balanced_propensity", "predicted", "expected")  # further columns that are columns
POSITIVE = ("propensity", "topic_propensity", "prefix_propensity", "slate_propensity", "balanced_propensity")
CHANCES = ("target", "topic_target", "prefix_target", "slate_target")
FINITE = ("reward", "predicted", "expected")

ColumnMap = Mapping[str, str] | tuple[str, ...]


def parse_columns(pairs: ColumnMap) -> dict[str, str]:
    """Return the column map of words such as `reward=click`; keys may be written as the log's own columns are.

    Raises:
        SettingsError: a word is not NAME=COLUMN, or no column has that name here.
    """
    if not isinstance(pairs, Mapping):
        wrong = [pair for pair in pairs if "=" not in pair]
        if wrong:
            raise SettingsError(f"columns: {wrong[0]!r} is not NAME=COLUMN, such as reward=click")
        pairs = dict(pair.split("=", 1) for pair in pairs)
    named = {name.removesuffix("_id"): column for name, column in pairs.items()}
    for name in named:
        if name not in RECOGNISED:
            raise SettingsError(f"columns: unknown name {name!r}; known names: {', '.join(RECOGNISED)}")
    return named
