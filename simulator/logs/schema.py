"""What a log holds: its columns, its meta data, and a batch of decisions in memory."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Floats, Ints, Singles, SmallInts
from serendip.simulator.ranges import Range, check_ranges

TinyInts = NDArray[np.int16]

SCHEMA_VERSION = 1
MOST_SLOTS, MOST_DAYS = 32_767, 1_000_000
LARGEST, RAREST = 1e15, 1e-60  # rewards and propensities: beyond, fourth powers of weights are no numbers any more
STATE = ("recent_activity", "distinct_topics", "tenure")

Table = Any  # a pyarrow.Table; pyarrow ships no types

_SLOT: list[Any] = [
    pa.field("user_id", pa.int64(), nullable=False),
    pa.field("day", pa.int32(), nullable=False),
    pa.field("visit", pa.int32(), nullable=False),
    pa.field("position", pa.int16(), nullable=False),
    pa.field("item_id", pa.int64(), nullable=False),
]
DECISIONS: Any = pa.schema(
    [
        *_SLOT,
        pa.field("propensity", pa.float64(), nullable=False),
        pa.field("slate_propensity", pa.float64()),
        pa.field("clicked", pa.bool_(), nullable=False),
        pa.field("reward", pa.float32(), nullable=False),
        pa.field("explored", pa.bool_(), nullable=False),
        pa.field("policy", pa.int16(), nullable=False),
        pa.field("policy_version", pa.int32(), nullable=False),
        pa.field("state", pa.list_(pa.float32(), len(STATE))),
    ]
)
ORGANIC: Any = pa.schema([*_SLOT, pa.field("clicked", pa.bool_(), nullable=False)])
HIDDEN: Any = pa.schema(
    [
        pa.field(name, kind, nullable=False)
        for name, kind in (
            *(("user_id", pa.int64()), ("day", pa.int32()), ("visit", pa.int32())),
            *(("item_id", pa.int64()), ("last_day", pa.int32()), ("last_visit", pa.int32())),
        )
    ]
)
USERS: Any = pa.schema(
    [
        pa.field("user_id", pa.int64()),
        pa.field("cohort", pa.string()),
        pa.field("first_day", pa.int32()),
        pa.field("last_day", pa.int32()),
        pa.field("censored", pa.bool_()),
    ]
)
ITEMS: Any = pa.schema(
    [pa.field("item_id", pa.int64()), pa.field("topic", pa.int32()), pa.field("released", pa.int32())]
)


@dataclass(frozen=True, slots=True)
class LogContents:
    """How much a log holds.

    Attributes:
        n_rows: slots shown, in all parts together.
        n_parts: Parquet parts of the decisions.
        n_users: rows of the table of users.
        checksums: CRC-32 of each file but `meta.json`, in hexadecimal digits, by its path inside the log.
    """

    n_rows: int
    n_parts: int
    n_users: int
    checksums: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogMeta:
    """What made a log.

    Attributes:
        run_id: a name for the run that wrote it.
        policies: names of the logging policies; column `policy` is an index into them.
        slate_size: slots of a slate.
        n_days: days observed, so that a day without a visit can be told from a day not observed.
        seed: seed of the world, or None where there is none.
        key: key of the logging policy's draws, or None.
        world: settings of the world that made the log, or None for a real one.
        agents: settings of each policy, in the order of `policies`.
        reward_range: smallest and largest reward that can occur.
        propensity_floor: smallest propensity the logging policy gives any item at any position.
        contents: how much the log holds, by which a cut is seen; None in logs of earlier versions.
        schema_version: version of this format.
    """

    run_id: str
    policies: tuple[str, ...]
    slate_size: Annotated[int, Range(least=1, most=MOST_SLOTS)]
    n_days: Annotated[int, Range(least=1, most=MOST_DAYS)]
    seed: int | None = None
    key: int | None = None
    world: dict[str, Any] | None = None
    agents: tuple[dict[str, Any], ...] = ()
    reward_range: tuple[Annotated[float, Range(least=-LARGEST, most=LARGEST)], ...] = (0.0, 1.0)
    propensity_floor: Annotated[float, Range(least=0, most=1)] = 0.0
    contents: LogContents | None = None
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        check_ranges(self, "meta.json")
        if not self.policies:
            raise SettingsError("meta.json: policies is empty; name who chose the slates")
        if len(self.reward_range) != 2 or self.reward_range[0] > self.reward_range[1]:
            raise SettingsError(
                f"meta.json: reward_range is {list(self.reward_range)}; give the smallest and the largest"
            )


@dataclass(frozen=True, slots=True)
class Decisions:
    """n logged slots, column by column; the columns are those of the design's table.

    Attributes:
        state: (n, 3) what the logger knew of the user (recent activity, distinct topics clicked, tenure), or None.
    """

    user_id: Ints
    day: SmallInts
    visit: SmallInts
    position: TinyInts
    item_id: Ints
    propensity: Floats
    slate_propensity: Floats
    clicked: Bools
    reward: Singles
    explored: Bools
    policy: TinyInts
    policy_version: SmallInts
    state: Singles | None

    def __len__(self) -> int:
        return len(self.user_id)

    def rows(self, rows: Any) -> Decisions:
        """Return the slots at `rows` (a slice, a mask or indices)."""
        columns: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        picked: dict[str, Any] = {name: None if column is None else column[rows] for name, column in columns.items()}
        return Decisions(**picked)
