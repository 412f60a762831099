"""Two studies beside each other: the pairs are those of the same seed, and the words say what was not the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.results import Results
from serendip.experiments.online.study import Study
from serendip.experiments.report.comparing import compare, in_words
from serendip.simulator.errors import SettingsError

VISITORS = COUNTS.index("visitors")


def results(seeds: tuple[int, ...], visitors: dict[str, list[float]], days: int = 8, world: str = "tiny") -> Results:
    """Return results in which each third has that many visitors on every day of a seed."""
    counts = {agent: np.zeros((len(seeds), days, 3, len(COUNTS))) for agent in visitors}
    for agent, values in visitors.items():
        counts[agent][..., VISITORS] = np.array(values)[:, None, None]
    return Results(Study("s", tuple(visitors), "a", seeds=len(seeds), days=days, world=world), seeds, counts)


FIRST = results((0, 1, 2, 3, 4, 5, 6), {"a": [1, 2, 3, 4, 5, 6, 9], "b": [1, 1, 1, 1, 1, 1, 1]})
SECOND = results((1, 2, 3, 4, 5, 6), {"a": [4, 5.1, 6, 7, 8.1, 11], "c": [0, 0, 0, 0, 0, 0]})


def test_differences_are_paired_over_the_seeds_of_both() -> None:
    rows = {(row.agent, row.group): row for row in compare(FIRST, SECOND)}
    assert set(rows) == {("a", "low"), ("a", "all")}
    low = rows["a", "low"]
    assert low.first == pytest.approx(29 / 6)
    assert low.difference.value == pytest.approx((2 + 2.1 + 2 + 2 + 2.1 + 2) / 6)
    assert low.p == pytest.approx(2 / 2**6)
    assert rows["a", "all"].difference.value == pytest.approx(3 * low.difference.value)


def test_the_words_say_what_is_clear_and_what_was_not_the_same() -> None:
    said = in_words(FIRST, SECOND, compare(FIRST, SECOND))
    assert said[0] == "both: the same world, days and schedule"
    assert "left out: b, c" in said[1]
    assert said[2].endswith("a (more)")
    other = replace(SECOND, study=replace(SECOND.study, world="null"))
    assert "world: tiny and null" in in_words(FIRST, other, compare(FIRST, other))[0]


def test_two_seeds_say_nothing() -> None:
    few = results((0, 1), {"a": [1, 2]})
    rows = compare(FIRST, few)
    assert all(row.p is None and row.difference.low is None for row in rows)
    assert "seeds in both: 2; it takes 3" in in_words(FIRST, few, rows)[-1]


@pytest.mark.parametrize(("other", "what"), [({"c": [1.0]}, "no agent"), ({"a": [1.0]}, "no seed")])
def test_nothing_in_common_is_refused(other: dict[str, list[float]], what: str) -> None:
    with pytest.raises(SettingsError, match=f"{what} is in both"):
        compare(FIRST, results((9,), other))


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], refused: Callable[..., str]) -> None:
    for name, days in (("a", "2"), ("b", "3")):
        run = ["run", "discovery", "--world", "tiny", "--agents", "uniform", "--seeds", "1", "--jobs", "1"]
        assert main([*run, "--days", days, "--out", str(tmp_path / name)]) == 0
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert "not the same in both: days: 2 and 3" in capsys.readouterr().out
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--json", "-"]) == 0
    assert [row["group"] for row in json.loads(capsys.readouterr().out)] == ["low", "all"]
    assert "no study.json" in refused("compare", tmp_path / "a", tmp_path / "nowhere")
