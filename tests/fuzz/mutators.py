"""How inputs are spoiled: bytes, cells of text, values of JSON, columns of tables, arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file

Rng = np.random.Generator
TOKENS = (
    b"", b'"', b"'", b",", b"\n", b"\r\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"nan", b"NaN", b"inf", b"-inf",
    b"-1", b"0", b"1e308", b"1e-320", b"99999999999999999999", b"-9223372036854775809", b"0x10", b"1_000", b"007",
    b"1.0", b"1,5", b"true", b"null", b"None", b"\xe9", "é".encode(), "٣".encode(), b"[red]x[/red]", b"\x1b[31m",
    b"../../x", b"a/b", b"{", b"}", b"[" * 2000, b"=1+1", b" ", b"\t", b"1970-01-01", b"1e9", b"2147483648",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 0.5, -0.5, 1e308, float("nan"), float("inf"), "",
    "x", "/", "../../x", "[red]x[/red]", "\x1b[31m", "é", [], {}, [1], [[1]], ["a", 1], {"a": 1}, "1", 10**9,
)  # fmt: skip


def pick(rng: Rng, options: Any) -> Any:
    """Return one of `options`."""
    return options[int(rng.integers(len(options)))]


def spoil(path: Path, rng: Rng) -> str:
    """Change the file at `path` in one way or a few that suit its kind, and return which."""
    ways = (*_WAYS.get(path.suffix, ()), bytes_of)
    way = pick(rng, ways)
    try:
        way(path, rng)
    except (ValueError, KeyError, OSError, pa.ArrowException, OverflowError, TypeError):
        bytes_of(path, rng)  # this file cannot be spoiled so
        return "bytes_of"
    return way.__name__


def bytes_of(path: Path, rng: Rng) -> None:
    """Change bytes: flip, insert, leave out, repeat, cut, or another encoding."""
    data = path.read_bytes()
    for _ in range(int(rng.integers(1, 4))):
        data = pick(rng, (_flip, _insert, _leave_out, _repeat, _cut, _encode))(data, rng)
    path.write_bytes(data)


def _at(data: bytes, rng: Rng) -> int:
    return int(rng.integers(len(data) + 1))


def _flip(data: bytes, rng: Rng) -> bytes:
    at = _at(data, rng)
    return data[:at] + bytes([int(rng.integers(256))]) + data[at + 1 :]


def _insert(data: bytes, rng: Rng) -> bytes:
    at = _at(data, rng)
    return data[:at] + pick(rng, TOKENS) + data[at:]


def _leave_out(data: bytes, rng: Rng) -> bytes:
    at = _at(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 40)) :]


def _repeat(data: bytes, rng: Rng) -> bytes:
    at, n = _at(data, rng), int(rng.integers(1, 200))
    return data[: at + n] + data[at:]


def _cut(data: bytes, rng: Rng) -> bytes:
    return data[: _at(data, rng)]


def _encode(data: bytes, rng: Rng) -> bytes:
    text = data.decode("latin-1")
    return text.encode(pick(rng, ("utf-16", "utf-16-le", "utf-8-sig", "utf-32")))


def cells(path: Path, rng: Rng) -> None:
    """Change cells of a text table, or its lines."""
    lines = path.read_bytes().split(b"\n")
    at = int(rng.integers(len(lines)))
    way = int(rng.integers(6))
    separator = b"," if path.suffix == ".csv" else b" "
    parts = lines[at].split(separator)
    if way <= 2:
        parts[int(rng.integers(len(parts)))] = pick(rng, TOKENS)
        lines[at] = separator.join(parts)
    elif way == 3:
        lines[at] = separator.join(parts[:-1] if rng.random() < 0.5 else [*parts, b"1"])
    elif way == 4:
        lines = [lines[0], *(lines[1 + int(i)] for i in rng.permutation(len(lines) - 1))]
    else:
        column, token = int(rng.integers(len(parts))), pick(rng, TOKENS)
        lines = [
            separator.join([*row[:column], token, *row[column + 1 :]]) for row in (x.split(separator) for x in lines)
        ]
    path.write_bytes(b"\n".join(lines))


def values(path: Path, rng: Rng) -> None:
    """Change, leave out or add one value anywhere in a JSON file, or nest it deeply."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    if rng.random() < 0.03:
        path.write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
        return
    place = whole
    while isinstance(place, dict | list) and len(place):
        key = pick(rng, sorted(place) if isinstance(place, dict) else range(len(place)))
        inner = place[key]
        if not isinstance(inner, dict | list) or not len(inner) or rng.random() < 0.3:
            if rng.random() < 0.15:
                del place[key]
            else:
                place[key] = _near(inner, rng)
            break
        place = inner
    else:
        whole = pick(rng, VALUES)
    path.write_text(json.dumps(whole), encoding="utf-8")


def _near(value: Any, rng: Rng) -> Any:
    """Return another value: of a number often one not far from it."""
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.5:
        return pick(rng, (-value, value * 2, value + 1, value - 1, value * 1e6, value / 2, 0))
    return pick(rng, VALUES)


def columns(path: Path, rng: Rng) -> None:
    """Change a Parquet table: values, type, name, presence of a column; order, number of rows."""
    table = pq.read_table(path)
    at = int(rng.integers(table.num_columns))
    name, column = table.column_names[at], table.column(at)
    way = int(rng.integers(7))
    if way <= 2:
        rows = column.to_pylist()
        for _ in range(int(rng.integers(1, 3))):
            rows[int(rng.integers(len(rows)))] = _near(rows[0], rng)
        table = table.set_column(at, pa.field(name, column.type), pa.array(rows, type=column.type))
    elif way == 3:
        kind = pick(rng, (pa.string(), pa.float32(), pa.float64(), pa.int64(), pa.int8(), pa.bool_()))
        table = table.set_column(at, name, column.cast(kind))
    elif way == 4:
        table = table.drop_columns([name]) if rng.random() < 0.5 else table.append_column(name, column)
    elif way == 5:
        table = table.take(rng.permutation(len(table)))
    else:
        n = int(rng.integers(len(table) + 1))
        table = table.slice(0, n) if rng.random() < 0.5 else pa.concat_tables([table, table.slice(0, max(n, 1))])
    pq.write_table(table, path)


def arrays(path: Path, rng: Rng) -> None:
    """Change the arrays of a saved agent: a value, the shape, the type, the name, or its presence."""
    held = load_file(path)
    name = pick(rng, sorted(held))
    array, way = held[name].copy(), int(rng.integers(6))
    if way <= 1 and array.size:
        flat = array.reshape(-1)
        with np.errstate(all="ignore"):
            flat[int(rng.integers(flat.size))] = pick(rng, (-1, 0, -16, 2**31 - 1, 77))
    elif way == 2 and array.dtype.kind == "f" and array.size:
        array.reshape(-1)[0] = pick(rng, (np.nan, np.inf, -np.inf))
    elif way == 3:
        array = array.reshape(-1)[: max(array.size - 1, 0)]
    elif way == 4:
        array = array.astype(pick(rng, (np.float64, np.int8, np.int64, np.bool_)))
    held.pop(name)
    if way != 5:
        held[name] = array
    save_file({key: np.ascontiguousarray(value) for key, value in held.items()}, path)


_WAYS: dict[str, tuple[Callable[[Path, Rng], None], ...]] = {
    ".csv": (cells, cells, cells), ".txt": (cells, cells), ".json": (values, values, values),
    ".jsonl": (cells, cells), ".toml": (cells,),
    ".parquet": (columns, columns, columns), ".safetensors": (arrays, arrays, arrays),
}  # fmt: skip
