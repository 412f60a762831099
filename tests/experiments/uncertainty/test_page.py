"""The page is made from the rows: what is clear is bold, what was not run is said, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from serendip.experiments.figures.evidence import draw_forest, draw_map
from serendip.experiments.uncertainty.cells import HORIZONS, Row
from serendip.experiments.uncertainty.contrasts import contrasts
from serendip.experiments.uncertainty.declaration import read_declaration
from serendip.experiments.uncertainty.page import blocks, done, filled
from serendip.experiments.uncertainty.power import power
from serendip.simulator.errors import DataError

DECLARED = read_declaration()
LOW = {
    "ease-greedy": 10.0,
    "greed": 20.0,
    "hedged": 24.0,
    "hedged-noise": 22.0,
    "informed": 28.0,
    "oracle-growth": 30.0,
}


def rows_of(world: str, scale: float = 1.0) -> list[Row]:
    """Return rows in which every arm has its mean of `LOW`, give or take a tenth that the seed decides."""
    found = list[Row]()
    for name, low in LOW.items():
        arm = DECLARED.arm(name)
        for phase, seeds in (("tune", DECLARED.tuning_seeds), ("fresh", DECLARED.fresh_seeds)):
            values = arm.values or (None,) if phase == "tune" else ((arm.values or (None,))[0],)
            for value in values:
                for seed in seeds:
                    mean = scale * low - 0.001 * (value or 0.0) + 0.1 * (seed % 3) * (1 + (name == "hedged"))
                    visits, spread = tuple(mean / 10 for _ in HORIZONS), tuple(2.0 for _ in HORIZONS)
                    found.append(
                        Row(world, name, value, phase, seed, 250, 80, mean, 3 * mean, (mean,) * 4, 0.5, 0.6, 2.0,
                            mean, 0.0, 0.9, 40.0, visits, spread, 1.0)
                    )  # fmt: skip
    return found


ROWS = [*rows_of("default"), *rows_of("null", 0.5), *rows_of("field-sized", 0.1)]


def test_the_page_says_what_was_not_run() -> None:
    said = blocks(DECLARED, ROWS)["departures"]
    assert "explores and does not confirm" in said
    assert "250 users instead of 1,000" in said
    assert "quiet-personas" in said
    assert "thompson" in said


def test_worlds_that_have_less_than_the_others_are_said() -> None:
    assert "fresh seeds" not in blocks(DECLARED, ROWS)["departures"]
    less = [r for r in ROWS if not (r.world == "null" and r.phase == "fresh" and (r.seed > 2 or r.arm == "hedged"))]
    said = blocks(DECLARED, less)["departures"]
    assert "null with 3 fresh seeds" in said
    assert "null without hedged" in said
    assert "default with" not in said


def test_the_page_says_where_nothing_can_be_clear() -> None:
    assert "never clear" not in blocks(DECLARED, ROWS)["departures"]
    few = [r for r in ROWS if r.seed not in DECLARED.fresh_seeds[6:]]  # 3 worlds x 2 / 2^6 = .09
    assert "With 6 seeds an exact test, corrected over 3 worlds, is never clear" in blocks(DECLARED, few)["departures"]
    assert "**" not in blocks(DECLARED, few)["map"]


def test_questions_that_nobody_asked_have_no_table() -> None:
    assert blocks(DECLARED, ROWS)["further"] == ""
    more = [replace(r, arm="cautious", low=r.low - 1.0) for r in ROWS if r.arm == "greed" and r.phase == "fresh"]
    tuned = [
        replace(r, arm="cautious", value=value)
        for r in ROWS
        if r.arm == "greed" and r.phase == "tune"
        for value in DECLARED.arm("cautious").values
    ]
    fresh = [replace(r, value=DECLARED.arm("cautious").values[0]) for r in more]
    assert "(cautious - greed)" in blocks(DECLARED, [*ROWS, *tuned, *fresh])["further"]


def test_lifts_over_greed_are_in_percent_of_it() -> None:
    lines = blocks(DECLARED, ROWS)["worlds"].splitlines()
    assert lines[0].split("|")[3:6] == [" default ", " null ", " field-sized "]
    assert lines[2].split("|")[3] == " 20.1 a day "
    informed = next(line for line in lines if line.startswith("| informed"))
    assert informed.split("|")[3].strip() == "+39.8%"  # 8 of 20.1 in every seed, so that there is no interval


def test_what_is_clear_is_bold_and_what_is_not_is_plain() -> None:
    part = done(DECLARED, ROWS)
    line = next(line for line in blocks(DECLARED, ROWS)["map"].splitlines() if line.startswith("| default"))
    assert "**+2.1 [" in line
    assert "(hedged - hedged-noise)" in line
    noisy = [replace(r, low=r.low + (9.0 if (r.seed + (r.arm == "hedged")) % 2 else 0.0)) for r in ROWS]
    assert (
        "**"
        not in next(x for x in blocks(DECLARED, noisy)["map"].splitlines() if x.startswith("| default")).split("|")[2]
    )
    assert {a.world for a in contrasts(part, ROWS)} == {"default", "null", "field-sized"}


def test_mechanisms_are_shares_of_what_the_switches_leave() -> None:
    lines = blocks(DECLARED, ROWS)["mechanisms"].splitlines()
    hedged = next(line for line in lines if line.startswith("| hedged |"))
    assert "| +140% |" in hedged  # 24.175 over 10.0875
    assert hedged.split("|")[4].strip() == "70%"  # 14.0875 of the lead of 20


def test_arms_that_were_not_run_in_default_are_left_out_of_its_tables() -> None:
    made = blocks(DECLARED, [r for r in ROWS if (r.world, r.arm) != ("default", "hedged")])
    assert "| hedged |" not in made["mechanisms"]
    assert "| hedged | true |  |" in made["arms"]  # it lived in `null`


def test_power_follows_from_lift_and_spread() -> None:
    first = power(ROWS, "field-sized", "hedged", "ease-greedy")[0]
    assert (first.days, first.spread) == (HORIZONS[0], 2.0)
    assert first.lift > 1.0
    assert "| 7 |" in blocks(DECLARED, ROWS)["power"]
    assert [p.days for p in power(ROWS, "field-sized", "hedged", "ease-greedy")] == [7, 14, 28, 56, 80]


def test_only_what_stands_between_the_marks_is_made_anew() -> None:
    page = "before\n<!-- map -->\nold\n<!-- end -->\nafter\n"
    assert filled(page, {"map": "new\n"}) == "before\n<!-- map -->\nnew\n<!-- end -->\nafter\n"
    with pytest.raises(DataError, match="no place for arms"):
        filled(page, {"arms": ""})


def test_figures_are_drawn() -> None:
    part = done(DECLARED, ROWS)
    assert len(draw_map(contrasts(part, ROWS)).axes) == 4
    assert len(draw_forest(part, ROWS, ["default", "null"]).axes) == 2
