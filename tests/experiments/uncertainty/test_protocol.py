"""The protocol keeps what it declares: tuning seeds choose, contrasts are paired, results are of one declaration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from serendip.experiments.__main__ import main
from serendip.experiments.online.statistics import LEVEL
from serendip.experiments.uncertainty.cells import Cell, Row, closing, lived
from serendip.experiments.uncertainty.choosing import best_of, chosen_values, fresh_cells, tuning_cells
from serendip.experiments.uncertainty.contrasts import contrasts
from serendip.experiments.uncertainty.declaration import (
    Arm,
    Contrast,
    Declaration,
    departures,
    mark,
    read_declaration,
)
from serendip.experiments.uncertainty.run import TABLE, run
from serendip.experiments.uncertainty.table import read_rows, write_rows
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.settings_json import settings_to_json

DECLARED = Declaration(
    question="?",
    measure="low",
    users=30,
    days=8,
    update_every=5,
    tuning_seeds=(50, 51),
    fresh_seeds=tuple(range(8)),
    worlds=("one", "two"),
    arms=(
        Arm("calm", "ease-greedy", "greed"),
        Arm("wide", "ease-epsilon", "true", "epsilon", (0.1, 0.2)),
        Arm("other", "ease-epsilon", "true", "epsilon", (0.3, 0.4)),
    ),
    contrasts=(Contrast("gain", ("true",), ("greed",)),),
)


MORE = {"name": "x", "agent": "uniform", "kind": "true", "setting": "epsilon", "values": [0.1, 0.2, 0.3]}


def row(world: str, arm: str, value: float | None, phase: str, seed: int, low: float) -> Row:
    rest = {"quarters": (low,) * 4, "early_clicks": 0.5, "late_clicks": 0.5, "known": 1.0, "stayed": low}
    more = {"returned": 0.0, "alive": 1.0, "corpus": 3.0, "visits": (2.0,) * 5, "spread": (1.0,) * 5, "seconds": 0.1}
    return Row(world, arm, value, phase, seed, 30, 8, low, 2 * low, **rest, **more)  # type: ignore[arg-type]


def found(gain: Sequence[float], *, fresh_of_worse: float = 0.0) -> list[Row]:
    """Return rows in which `wide` is tuned best at .2, and is ahead of `calm` by `gain` on the fresh seeds."""
    rows = list[Row]()
    for world in ("one", "two"):
        for seed in (50, 51):
            rows += [row(world, "calm", None, "tune", seed, 5.0)]
            rows += [row(world, "wide", v, "tune", seed, 5.0 + 10.0 * v) for v in (0.1, 0.2)]
            rows += [row(world, "other", v, "tune", seed, 1.0 + v) for v in (0.3, 0.4)]
        for seed, more in enumerate(gain):
            rows += [
                row(world, "calm", None, "fresh", seed, 5.0 + seed),
                row(world, "wide", 0.2, "fresh", seed, 5.0 + seed + more),
            ]
            rows += [row(world, "other", 0.4, "fresh", seed, fresh_of_worse)]
    return rows


def test_the_shipped_declaration_gives_both_sides_the_same_chances() -> None:
    declared = read_declaration()
    primary = next(c for c in declared.contrasts if c.name == "primary")
    members = [[a for a in declared.arms if a.kind in kinds] for kinds in (primary.plus, primary.minus)]
    assert len(members[0]) == len(members[1])
    assert {len(a.values) for a in declared.arms if a.setting} == {6}
    assert (len(declared.tuning_seeds), len(declared.fresh_seeds) >= 8) == (2, True)
    assert declared.least_p() < LEVEL  # else no answer could be clear, whatever its size
    assert not set(declared.tuning_seeds) & set(declared.fresh_seeds)
    assert {"default", "null", "frozen"} <= set(declared.worlds)
    assert (len(declared.worlds) >= 10, len(declared.arms) >= 16) == (True, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fresh_seeds": [50, 1]}, "both tune and compare"),
        ({"tuned_in": {"two": "one", "one": "three"}}, "tuned elsewhere itself"),
        ({"arms": [*settings_to_json(DECLARED)["arms"], MORE]}, "each as many"),
        ({"arms": [{"name": "x", "agent": "uniform", "kind": "true", "setting": "epsilon"}]}, "or neither"),
        ({"arms": [{"name": "x", "agent": "nobody", "kind": "true"}]}, "unknown agent 'nobody'"),
        ({"arms": settings_to_json(DECLARED)["arms"] * 2}, "named twice"),
    ],
)  # fmt: skip
def test_a_declaration_that_is_not_fair_is_refused(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(json.dumps(settings_to_json(DECLARED) | change))
    with pytest.raises(SettingsError, match=said):
        read_declaration(tmp_path / "d.json")


def test_what_departs_from_the_declaration_is_said() -> None:
    assert departures(DECLARED, DECLARED) == []
    part = DECLARED.only(["one", "tiny"], ["calm"], users=10, seeds=3)
    said = "; ".join(departures(DECLARED, part))
    for words in (
        "10 users instead of 30",
        "without the worlds two",
        "tiny, which were not declared",
        "arms other, wide",
    ):
        assert words in said
    with pytest.raises(SettingsError, match="unknown arm 'no'; declared: calm, wide, other"):
        DECLARED.only(arms=["no"])
    with pytest.raises(SettingsError, match="9 seeds; the declaration has 8"):
        DECLARED.only(seeds=9)


def test_settings_and_members_are_chosen_by_the_tuning_seeds_alone() -> None:
    rows = found([1.0] * 8, fresh_of_worse=1000.0)  # on the fresh seeds `other` is far ahead, which must not count
    assert chosen_values(DECLARED, rows, "one") == {"calm": None, "wide": 0.2, "other": 0.4}
    best = best_of(DECLARED, rows, "one", ("true",))
    assert best is not None
    assert best.name == "wide"
    assert contrasts(DECLARED, rows)[0].plus == "wide"


def test_an_arm_that_is_not_tuned_to_the_end_is_not_chosen() -> None:
    rows = [r for r in found([1.0] * 8) if (r.arm, r.value) != ("wide", 0.1)]
    assert "wide" not in chosen_values(DECLARED, rows, "one")


def test_a_world_takes_over_the_values_of_its_home() -> None:
    declared = replace(DECLARED, tuned_in={"two": "one"})
    assert {cell.world for cell in tuning_cells(declared, "two")} == {"one"}
    chosen = chosen_values(declared, found([1.0] * 8), "two")
    assert {(c.world, c.value) for c in fresh_cells(declared, "two", chosen)} == {
        ("two", None),
        ("two", 0.2),
        ("two", 0.4),
    }


def test_a_planted_difference_is_found_and_corrected_for_the_worlds() -> None:
    one, two = contrasts(DECLARED, found([0.9, 1.0, 1.1, 1.0, 0.9, 1.1, 1.0, 1.0]))
    assert one.difference.value == pytest.approx(1.0)
    assert one.everyone.value == pytest.approx(2.0)
    assert one.base == pytest.approx(8.5)
    assert one.p == two.p == pytest.approx(2 * 2 / 2**8)  # exact sign flips, times two worlds
    assert one.clear
    mixed = contrasts(DECLARED, found([1.0, -1.0, 1.2, -0.9, 0.8, -1.1, 0.9, -0.9]))[0]
    assert not mixed.clear


def test_only_arms_that_have_lived_are_compared() -> None:
    rows = [r for r in found([1.0] * 8) if (r.arm, r.phase) != ("wide", "fresh")]
    assert {a.plus for a in contrasts(DECLARED, rows)} == {"other"}


def test_rows_come_back_from_their_table_and_of_no_other_declaration(tmp_path: Path) -> None:
    rows = found([1.0] * 8)
    write_rows(tmp_path / "t.csv", rows, "abc")
    assert read_rows(tmp_path / "t.csv", "abc") == rows
    with pytest.raises(DataError, match="not made under this declaration"):
        read_rows(tmp_path / "t.csv", "abd")
    (tmp_path / "t.csv").write_text("# declaration abc\nworld,arm\nx,y\n")
    with pytest.raises(DataError, match="not a table of cells"):
        read_rows(tmp_path / "t.csv", "abc")


def test_a_row_says_what_happened() -> None:
    cell = Cell("tiny", Arm("calm", "ease-greedy", "greed"), None, "fresh", 3)
    one = lived(cell, 60, 24, 5)
    assert one == replace(lived(cell, 60, 24, 5), seconds=one.seconds)
    assert (one.users, one.days, closing(24)) == (60, 24, 6)
    assert 0.0 < one.stayed + one.returned <= one.low + 1e-9 < one.all
    assert one.low == pytest.approx(one.quarters[3])
    assert one.visits[0] < one.visits[1] < one.visits[2] == one.visits[4]
    assert 0.0 < one.alive <= 1.0


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a declaration of one tiny world, and a folder in which it was run."""
    folder = tmp_path_factory.mktemp("protocol")
    arms = DECLARED.arms[:2]
    declared = replace(DECLARED, worlds=("tiny",), arms=arms, fresh_seeds=(0, 1, 2), tuning_seeds=(50,))
    (folder / "d.json").write_text(json.dumps(settings_to_json(declared)))
    run(folder / "out", declared, Console(quiet=True), declaration=folder / "d.json", jobs=1)
    return folder / "d.json", folder / "out"


def test_a_run_goes_on_where_it_stopped_to_the_same_rows(small: tuple[Path, Path]) -> None:
    declaration, out = small
    before = read_rows(out / TABLE, mark(declaration))
    assert {(r.arm, r.phase) for r in before} == {
        ("calm", "tune"),
        ("wide", "tune"),
        ("calm", "fresh"),
        ("wide", "fresh"),
    }
    lost = out / "cells" / "tiny" / "calm" / "1.json"
    lost.unlink()
    (out / TABLE).unlink()
    words = ["run", "uncertainty", "--declaration", str(declaration), "--out", str(out), "--jobs", "1"]
    assert main(words) == 0
    after = read_rows(out / TABLE, mark(declaration))
    plain = [[replace(r, seconds=0.0) for r in rows] for rows in (before, after)]
    assert plain[0] == plain[1]
    assert lost.exists()


def test_a_table_that_was_kept_is_gone_on_from(small: tuple[Path, Path], tmp_path: Path) -> None:
    declaration, out = small
    rows = read_rows(out / TABLE, mark(declaration))
    kept, stale = [r for r in rows if r.seed != 2], [r for r in rows if (r.arm, r.seed) == ("wide", 2)]
    assert all(len(r.world_checksum) == 12 for r in rows)
    elsewhere = [replace(r, world_checksum="0" * 12, low=1e6) for r in stale]  # of a world that has changed since
    tmp_path.joinpath("out").mkdir()
    write_rows(tmp_path / "out" / TABLE, [*kept, *elsewhere], mark(declaration))
    run(tmp_path / "out", read_declaration(declaration), Console(quiet=True), declaration=declaration, jobs=1)
    lived_anew = {path.parent.name for path in (tmp_path / "out" / "cells").rglob("2.json")}
    assert len(list((tmp_path / "out" / "cells").rglob("[0-9].json"))) == len(lived_anew) == 2  # calm and wide, seed 2
    again = read_rows(tmp_path / "out" / TABLE, mark(declaration))
    plain = [sorted((replace(r, seconds=0.0) for r in some), key=lambda r: r.key) for some in (rows, again)]
    assert plain[0] == plain[1]


def test_a_declaration_changed_afterwards_is_refused(small: tuple[Path, Path], tmp_path: Path, capsys: Any) -> None:
    declaration, out = small
    changed = json.loads(declaration.read_text()) | {"measure": "what turned out best"}
    (tmp_path / "d.json").write_text(json.dumps(changed))
    assert main(["run", "uncertainty", "--declaration", str(tmp_path / "d.json"), "--out", str(out)]) == 2
    assert "declaration has changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "uncertainty", "--world", "tiny"], "takes no --world"),
        (["run", "discovery", "--worlds", "tiny"], "takes no --worlds"),
        (["run", "discovery", "--users", "5"], "takes no --users"),
    ],
)
def test_flags_of_the_other_kind_of_study_are_refused(words: list[str], said: str, capsys: Any) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_lows_of_a_larger_world_are_of_more_users() -> None:
    lows = [
        np.mean([lived(Cell("tiny", DECLARED.arms[0], None, "fresh", s), n, 8, 5).low for s in (0, 1)])
        for n in (30, 120)
    ]
    assert lows[1] > 2.0 * lows[0]


@pytest.mark.parametrize(("n_worlds", "n_seeds"), [(1, 5), (1, 6), (6, 8), (7, 8), (13, 9), (12, 9), (13, 10)])
def test_what_can_be_clear_at_most_is_known_beforehand(n_worlds: int, n_seeds: int) -> None:
    """All differences alike in every world, beyond any doubt, is as clear as it can be."""
    worlds = tuple(f"w{i}" for i in range(n_worlds))
    declared = replace(DECLARED, worlds=worlds, fresh_seeds=tuple(range(n_seeds)))
    rows = [
        row(world, arm, value, phase, seed, low * (1.0 + 0.01 * seed))
        for world in worlds
        for arm, value, low in (("calm", None, 1.0), ("wide", 0.1, 9.0), ("wide", 0.2, 8.0))
        for phase, seeds in (("tune", declared.tuning_seeds), ("fresh", declared.fresh_seeds))
        for seed in seeds
    ]
    answers = contrasts(declared, rows)
    assert len(answers) == n_worlds
    assert min(a.p for a in answers if a.p is not None) == pytest.approx(declared.least_p())
    assert any(a.clear for a in answers) == (declared.least_p() < LEVEL)
