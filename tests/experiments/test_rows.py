"""Dataclasses survive their table: what is nothing, what is whole, and what has several parts."""

import csv
from dataclasses import dataclass, fields

import pytest

from serendip.experiments.rows import as_csv, from_csv, values_of


@dataclass(frozen=True)
class Kept:
    name: str
    seed: int
    value: float | None
    parts: tuple[float, ...]
    low: float


NAMES = [field.name for field in fields(Kept)]


def test_rows_come_back() -> None:
    rows = [Kept("a, b", 3, None, (1.0, 2.5), 0.1), Kept("", -1, 0.0, (), 1e-9)]
    table = as_csv(NAMES, (values_of(row, NAMES) for row in rows))
    assert table.splitlines()[1] == '"a, b",3,,1 2.5,0.1'
    assert [from_csv(Kept, values) for values in csv.DictReader(table.splitlines())] == rows


@pytest.mark.parametrize("change", [{"low": ""}, {"seed": "1.5"}, {"value": "x"}, {"parts": "1 x"}])
def test_what_is_no_number_is_refused(change: dict[str, str]) -> None:
    good = {"name": "a", "seed": "1", "value": "", "parts": "1", "low": "2"}
    with pytest.raises(ValueError, match=r"could not convert|invalid literal"):
        from_csv(Kept, good | change)
    with pytest.raises(KeyError):
        from_csv(Kept, {name: text for name, text in good.items() if name != "low"})
