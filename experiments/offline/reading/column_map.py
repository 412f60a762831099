"""What the columns of a log from elsewhere are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from serendip.experiments.offline.further import FURTHER
from serendip.simulator.errors import SettingsError


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column that a table can have.

    Attributes:
        usual: what it may be called when nothing is said.
        values: what it holds: an `id`, a `whole` number, a `finite` number, a `chance` in [0, 1], a `positive` one in
            (0, 1], or a `reward`.
    """

    usual: tuple[str, ...]
    values: Literal["id", "whole", "finite", "chance", "positive", "reward"]

    @property
    def is_number(self) -> bool:
        """Whether it is read as a number whatever it looks like."""
        return self.values != "id"


COLUMNS: dict[str, TableColumn] = {
    "reward": TableColumn(("reward", "click", "clicked"), "reward"),
    "propensity": TableColumn(("propensity", "propensity_score", "pscore"), "positive"),
    "item": TableColumn(("item_id", "item", "action"), "id"),
    "position": TableColumn(("position",), "whole"),
    "user": TableColumn(("user_id", "user"), "id"),
    "day": TableColumn(("day",), "id"),
    "visit": TableColumn(("visit",), "id"),
    "target": TableColumn((), "chance"),
    "topic": TableColumn((), "id"),
    "topic_propensity": TableColumn(("topic_propensity",), "positive"),
    "topic_target": TableColumn(("topic_target",), "chance"),
    "prefix_propensity": TableColumn(("prefix_propensity",), "positive"),
    "prefix_target": TableColumn(("prefix_target",), "chance"),
    "slate_propensity": TableColumn(("slate_propensity",), "positive"),
    "slate_target": TableColumn(("slate_target",), "chance"),
    "logger": TableColumn(("logger",), "id"),
    "balanced_propensity": TableColumn(("balanced_propensity",), "positive"),
    "predicted": TableColumn(("predicted",), "finite"),
    "expected": TableColumn(("expected",), "finite"),
}
IDS = ("user", "item", "topic")  # read as they are written
AS_THEY_ARE = tuple(name for name, further in FURTHER.items() if further.ratio is None and name in COLUMNS)
WEIGHTS = {name: further.ratio for name, further in FURTHER.items() if further.ratio is not None}

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
        if name not in COLUMNS:
            raise SettingsError(f"columns: unknown name {name!r}; known names: {', '.join(COLUMNS)}")
    return named
