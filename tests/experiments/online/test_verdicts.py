"""The table's bold, the sentence and the interval say the same."""

from __future__ import annotations

import numpy as np
import pytest
from rich.text import Text

from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.results import Results
from serendip.experiments.online.study import Study
from serendip.experiments.online.summary import summarise, to_markdown, to_rich
from serendip.experiments.online.verdicts import verdicts

DAYS = 8


def results(lifts: dict[str, list[float]]) -> Results:
    """Return results in which agents have so many more low-activity visitors a day than `base`, seed by seed."""
    n = len(next(iter(lifts.values())))
    counts = {}
    for agent, extra in {"base": [0.0] * n, **lifts}.items():
        counts[agent] = np.ones((n, DAYS, 3, len(COUNTS)))
        counts[agent][:, :, 0, COUNTS.index("visitors")] += np.array(extra)[:, None]
    study = Study("s", tuple(counts), "base", seeds=n, days=DAYS, world="tiny")
    return Results(study, tuple(range(n)), counts)


def bold(found: Results) -> set[str]:
    """Return the agents whose low lift is bold in the table on a terminal."""
    table = to_rich(found, summarise(found), 200)
    lifts = list(table.columns[2].cells)
    return {agent for agent, cell in zip(found.agents, lifts, strict=True) if isinstance(cell, Text)}


@pytest.mark.parametrize("n", [1, 2])
def test_two_seeds_say_nothing(n: int) -> None:
    found = results({"up": [-1 / 30] * n})
    (row,) = [row for row in summarise(found) if row.agent == "up"]
    assert (row.low_lift.low, row.low_lift.high, row.low_lift_p) == (None, None, None)
    (line,) = verdicts(found, summarise(found))
    assert "nothing of the spread" in line
    assert bold(found) == set()
    assert "[" not in to_markdown(found, summarise(found)).splitlines()[-1]


def test_equal_up_to_rounding_is_no_difference() -> None:
    found = results({"up": [1.0, 1.0 + 1e-15, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]})
    assert verdicts(found, summarise(found))[0] == "no clear difference to base: up"
    assert bold(found) == set()


def test_five_seeds_cannot_be_clear_and_say_how_many_can() -> None:
    found = results({"up": [5.0, 5.1, 5.2, 5.0, 4.9], "same": [0.1, -0.1, 0.2, 0.0, -0.2]})
    (line,) = verdicts(found, summarise(found))
    assert line.startswith("no verdict: with 5 seeds")
    assert "--seeds 7 or more" in line
    assert bold(found) == set()


def test_what_is_clear_is_bold_and_excludes_zero() -> None:
    rng = np.random.default_rng(0)
    found = results({name: list(rng.normal(mean, 1.0, 8)) for name, mean in (("up", 4), ("down", -4), ("same", 0.1))})
    rows = summarise(found)
    said = verdicts(found, rows)
    assert said[:3] == [
        "low-activity users, more than under base: up",
        "low-activity users, less than under base: down",
        "no clear difference to base: same",
    ]
    assert bold(found) == {"up", "down"}
    assert {row.agent for row in rows if row.low_lift.excludes_zero()} >= {"up", "down"}


def test_a_cell_of_a_table_cannot_be_left(tmp_path: object) -> None:
    found = results({"up|x": [1.0, 2.0, 3.0]})
    assert "up\\|x" in to_markdown(found, summarise(found))
