"""The list of what contradicts itself or cannot be: each must be refused, by one sentence with exit code 2.

An entry is a name and a function that spoils the material in the folder it is given, in that one way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file

from serendip.simulator.logs import seal

Spoil = Callable[[Path], None]
PART = "decisions/part-00001.parquet"


def _cells(file: str, column: str, change: Callable[[list[Any]], Any]) -> Spoil:
    """Return what changes the values of a Parquet column of a log: a list in, a list out; its checksums agree."""

    def spoil(folder: Path) -> None:
        table = pq.read_table(folder / file)
        at = table.schema.get_field_index(column)
        values = pa.array(change(table[column].to_pylist()), type=table.schema.field(at).type)
        pq.write_table(table.set_column(at, table.schema.field(at), values), folder / file)
        if (folder / "meta.json").exists():
            seal(folder)

    return spoil


def _one(value: Any, row: int = 3) -> Callable[[list[Any]], list[Any]]:
    return lambda values: [*values[:row], value, *values[row + 1 :]]


def _rows(file: str, change: Callable[[Any], Any]) -> Spoil:
    """Return what changes the rows of a Parquet table."""

    def spoil(folder: Path) -> None:
        pq.write_table(change(pq.read_table(folder / file)), folder / file)

    return spoil


def _json(file: str, **values: Any) -> Spoil:
    """Return what sets values of a JSON file."""

    def spoil(folder: Path) -> None:
        whole = json.loads((folder / file).read_text(encoding="utf-8"))
        (folder / file).write_text(json.dumps(whole | values), encoding="utf-8")

    return spoil


def _text(file: str, change: Callable[[list[str]], list[str]]) -> Spoil:
    """Return what changes the lines of a text file."""

    def spoil(folder: Path) -> None:
        lines = (folder / file).read_text(encoding="utf-8").split("\n")
        (folder / file).write_text("\n".join(change(lines)), encoding="utf-8")

    return spoil


def _cell(row: int, column: int, word: str) -> Callable[[list[str]], list[str]]:
    """Return what puts `word` into one cell of a CSV file's lines."""

    def change(lines: list[str]) -> list[str]:
        cells = lines[row].split(",")
        cells[column] = word
        return [*lines[:row], ",".join(cells), *lines[row + 1 :]]

    return change


def _array(name: str, change: Callable[[Any], Any]) -> Spoil:
    """Return what changes an array of a saved agent; None leaves it out."""

    def spoil(folder: Path) -> None:
        file = folder / "arrays.safetensors"
        arrays = load_file(file)
        changed = change(arrays.pop(name).copy())
        save_file(arrays | ({} if changed is None else {name: np.ascontiguousarray(changed)}), file)

    return spoil


def _set(value: Any) -> Callable[[Any], Any]:
    """Return what writes `value` into the first place of an array."""

    def change(array: Any) -> Any:
        array.reshape(-1)[0] = value
        return array

    return change


DEEP, HUGE = "[" * 99_999 + "]" * 99_999, "9" * 5_000


def _write(file: str, text: str) -> Spoil:
    """Return what writes another text to a file."""
    return lambda folder: (folder / file).write_text(text, encoding="utf-8") and None


def _said(file: str, key: str, text: str) -> Spoil:
    """Return what adds a key to a JSON file, its value as a text that need not be JSON."""

    def spoil(folder: Path) -> None:
        whole = (folder / file).read_text(encoding="utf-8").rstrip()
        (folder / file).write_text(f'{whole[:-1]}, "{key}": {text}}}', encoding="utf-8")

    return spoil


def _contents(folder: Path, **values: Any) -> None:
    """Change what a log says that it holds."""
    whole = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    whole["contents"] |= values
    (folder / "meta.json").write_text(json.dumps(whole), encoding="utf-8")


# Logs: `evaluate` and `audit` refuse each.
OF_A_LOG: dict[str, Spoil] = {
    "a propensity of 0": _cells(PART, "propensity", _one(0.0)),
    "a propensity above 1": _cells(PART, "propensity", _one(1.5)),
    "a propensity that is no number": _cells(PART, "propensity", _one(float("nan"))),
    "a slate propensity of -3": _cells(PART, "slate_propensity", _one(-3.0)),
    "a slate propensity above 1": _cells(PART, "slate_propensity", _one(1.5)),
    "a slate less likely than its slots are together": _cells(PART, "slate_propensity", lambda v: [0.9] * len(v)),
    "a reward that is not its click": _cells(PART, "reward", lambda v: [1.0 - x for x in v]),
    "a reward that is no number": _cells(PART, "reward", _one(float("nan"))),
    "an item of no catalogue": _cells(PART, "item_id", _one(77)),
    "an item below 0": _cells(PART, "item_id", _one(-1)),
    "one item in all slots of a slate": _cells(PART, "item_id", lambda v: [x for x in v[::2] for _ in range(2)]),
    "a day beyond the last": _cells(PART, "day", _one(99)),
    "a day before the first": _cells(PART, "day", _one(-1)),
    "a position beyond the slate": _cells(PART, "position", _one(7)),
    "a policy without a name": _cells(PART, "policy", _one(4)),
    "a user who is in no table": _cells(PART, "user_id", _one(4711)),
    "rows cut": _rows(PART, lambda table: table.slice(0, len(table) // 2)),
    "rows doubled": _rows(PART, lambda table: pa.concat_tables([table, table])),
    "a part missing": lambda folder: (folder / PART).unlink(),
    "a part twice": lambda folder: (folder / "decisions/part-00009.parquet").write_bytes((folder / PART).read_bytes()),
    "users twice": _rows("users.parquet", lambda table: pa.concat_tables([table, table])),
    "users missing": _rows("users.parquet", lambda table: table.slice(0, len(table) // 2)),
    "a user who left before coming": _cells("users.parquet", "last_day", lambda v: [-1] * len(v)),
    "decisions after a user's last day": _cells("users.parquet", "last_day", lambda v: [0] * len(v)),
    "an item hidden that there is not": _cells("hidden.parquet", "item_id", _one(77)),
    "an item hidden from nobody": _cells("hidden.parquet", "user_id", _one(4711)),
    "an item hidden twice at once": _cells("hidden.parquet", "user_id", lambda v: [*v[:1], *v[:1], *v[2:]]),
    "an item hidden until before it was": _cells("hidden.parquet", "last_day", lambda v: [-1] * len(v)),
    "a topic of -1": _cells("items.parquet", "topic", _one(-1)),
    "a topic beyond all sense": _cells("items.parquet", "topic", _one(2**31 - 1)),
    "items in another order": _cells("items.parquet", "item_id", lambda v: v[::-1]),
    "items missing": _rows("items.parquet", lambda table: table.slice(0, 3)),
    "fewer days than there are": _json("meta.json", n_days=2),
    "a slate size that is not so": _json("meta.json", slate_size=1),
    "no policy": _json("meta.json", policies=[]),
    "a floor above propensities": _json("meta.json", propensity_floor=0.9),
    "JSON without end": _write("meta.json", DEEP),
    "a number of thousands of digits": _said("meta.json", "seed", HUGE),
    "a key twice": _said("meta.json", "seed", "1"),
    "NaN in JSON": _json("meta.json", propensity_floor=float("nan")),
    "more rows said than there are": lambda folder: _contents(folder, n_rows=10**6),
    "fewer users said than there are": lambda folder: _contents(folder, n_users=3),
    "no checksums": lambda folder: _contents(folder, checksums={}),
    "another checksum": lambda folder: _contents(folder, checksums={"users.parquet": "00000000"}),
    "rewards whose range is upside down": _json("meta.json", reward_range=[1.0, 0.0]),
}

# One's own tables, CSV: `evaluate --target-column target` and `audit` refuse each.
OF_A_TABLE: dict[str, Spoil] = {
    "a stray quote": _text("table.csv", _cell(50, 1, '"3')),
    "a quote around lines": _text(
        "table.csv", lambda rows: [*rows[:50], '"' + rows[50], *rows[51:60], rows[60] + '"', *rows[61:]]
    ),
    "a row too short": _text("table.csv", lambda rows: [*rows[:9], rows[9].rpartition(",")[0], *rows[10:]]),
    "a row too long": _text("table.csv", lambda rows: [*rows[:9], rows[9] + ",1", *rows[10:]]),
    "two columns of one name": _text("table.csv", lambda rows: [rows[0].replace("day", "reward"), *rows[1:]]),
    "a propensity of 0": _text("table.csv", _cell(9, 4, "0")),
    "a propensity above 1": _text("table.csv", _cell(9, 4, "1.5")),
    "a propensity missing": _text("table.csv", _cell(9, 4, "")),
    "a reward that is no number": _text("table.csv", _cell(9, 3, "nan")),
    "a reward that is infinite": _text("table.csv", _cell(9, 3, "inf")),
    "UTF-16": lambda folder: (folder / "table.csv").write_text(
        (folder / "table.csv").read_text(encoding="utf-8"), encoding="utf-16"
    ),
    "Latin-1": lambda folder: (folder / "table.csv").write_bytes(
        (folder / "table.csv").read_bytes().replace(b"u1,", "\xe9,".encode("latin-1"), 1)
    ),
    "only a header": _text("table.csv", lambda rows: rows[:1]),
    "nothing at all": lambda folder: (folder / "table.csv").write_bytes(b""),
}
OF_A_TARGET: dict[str, Spoil] = {
    "a probability above 1": _text("table.csv", _cell(9, 5, "1.5")),
    "a probability below 0": _text("table.csv", _cell(9, 5, "-0.1")),
    "a probability that is no number": _text("table.csv", _cell(9, 5, "nan")),
}

# Ratings: `benchmark` and `calibrate` refuse each.
OF_RATINGS: dict[str, Spoil] = {
    "a stray quote": _text("ratings.csv", _cell(50, 1, '"3')),
    "a quote around lines": _text("ratings.csv", lambda rows: [*rows[:9], '"' + rows[9], rows[10] + '"', *rows[11:]]),
    "a rating that is no number": _text("ratings.csv", _cell(9, 2, "nan")),
    "a rating that is infinite": _text("ratings.csv", _cell(9, 2, "inf")),
    "a time that is no number": _text("ratings.csv", _cell(9, 3, "soon")),
    "a row too short": _text("ratings.csv", lambda rows: [*rows[:9], "1,2", *rows[10:]]),
    "a row too long": _text("ratings.csv", lambda rows: [*rows[:9], rows[9] + ",1", *rows[10:]]),
    "ratings that are all 0": _text(
        "ratings.csv",
        lambda rows: [rows[0], *(",".join([*(c := row.split(","))[:2], "0", c[3]]) for row in rows[1:] if row)],
    ),
    "a user missing": _text("ratings.csv", _cell(9, 0, "")),
    "an item missing": _text("ratings.csv", _cell(9, 1, "")),
    "UTF-16": lambda folder: (folder / "ratings.csv").write_text(
        (folder / "ratings.csv").read_text(encoding="utf-8"), encoding="utf-16"
    ),
}

# One's own tables as JSON lines: `evaluate` refuses each.
OF_JSON_LINES: dict[str, Spoil] = {
    "a row cut": _text("table.jsonl", lambda rows: [*rows[:9], rows[9][:-9], *rows[10:]]),
    "a row that is no object": _text("table.jsonl", lambda rows: [*rows[:9], "[1, 2]", *rows[10:]]),
    "a row without end": _text("table.jsonl", lambda rows: [*rows[:9], DEEP, *rows[10:]]),
    "a cell that is a list": _text(
        "table.jsonl", lambda rows: [*rows[:9], rows[9].replace("0.125", "[0.125]"), *rows[10:]]
    ),
    "a propensity that is a word": _text(
        "table.jsonl", lambda rows: [*rows[:9], rows[9].replace("0.125", '"x"'), *rows[10:]]
    ),
    "a propensity missing": _text(
        "table.jsonl", lambda rows: [*rows[:9], rows[9].replace("0.125", "null"), *rows[10:]]
    ),
    "a key twice": _text("table.jsonl", lambda rows: [*rows[:9], rows[9].replace("}", ', "reward": 1}'), *rows[10:]]),
}

# Ratings: `calibrate` refuses each, for their times.
OF_TIMES: dict[str, Spoil] = {
    "a stamp in milliseconds": _text("ratings.csv", _cell(9, 3, "1000000000000")),
    "a stamp far ahead": _text("ratings.csv", _cell(9, 3, "99999999999")),
    "a stamp of 0": _text("ratings.csv", _cell(9, 3, "0")),
    "all at one moment": _text(
        "ratings.csv", lambda rows: [rows[0], *(f"{row.rpartition(',')[0]},1000000000" for row in rows[1:] if row)]
    ),
}

# Titles: reading them refuses each.
OF_TITLES: dict[str, Spoil] = {
    "no titles": _text("movies.csv", lambda rows: ["movieId,year", *("1,1999" for _ in rows)]),
    "nothing at all": lambda folder: (folder / "movies.csv").write_bytes(b"") and None,
}

# Saved agents: loading one refuses each.
OF_AN_AGENT: dict[str, Spoil] = {
    "a topic of -16": _array("items.topic", _set(-16)),
    "topics missing": _array("items.topic", lambda array: None),
    "fewer topics than items": _array("items.topic", lambda array: array[:-1]),
    "topics that are no whole numbers": _array("items.topic", lambda array: array.astype(np.float64) + 0.5),
    "a cut file": lambda folder: (folder / "arrays.safetensors").write_bytes(
        (folder / "arrays.safetensors").read_bytes()[:-8]
    ),
    "another format": _json("agent.json", format=99),
    "a setting that does not exist": _json("agent.json", settings={"magic": 1}),
    "a key twice": _said("agent.json", "format", "1"),
    "JSON without end": _write("agent.json", DEEP),
    "a number of thousands of digits": _said("agent.json", "version", HUGE),
    "slates of nothing": _json("agent.json", slate_size=0),
}

# Results of a study: reading them again refuses each.
OF_RESULTS: dict[str, Spoil] = {
    "an agent that is nowhere": _json("study.json", agents=["uniform", "magic"]),
    "an empty table": _rows("seeds/seed-000/uniform/daily.parquet", lambda table: table.slice(0, 0)),
    "a doubled table": _rows("seeds/seed-000/uniform/daily.parquet", lambda table: pa.concat_tables([table, table])),
    "a table lost": lambda folder: (folder / "seeds/seed-000/uniform/daily.parquet").unlink(),
    "a table cut": lambda folder: (folder / "seeds/seed-000/uniform/daily.parquet").write_bytes(b"PAR1"),
}

# The same study again in a folder of results goes on, or refuses.
OF_GOING_ON: dict[str, Spoil] = {
    "another world": _json("world/world.json", n_users=7),
    "no plan": lambda folder: (folder / "study.json").write_text("{}"),
    "a plan that says something twice": _said("study.json", "days", "2"),
    "a plan without end": _write("study.json", DEEP),
    "a plan of another kind": _json("study.json", days="two"),
}
