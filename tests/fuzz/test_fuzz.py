"""A share of `make fuzz`: all that contradicts itself, some spoiled inputs, and tables that hypothesis makes up."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from inputs import try_one
from judge import all_rows_of, of_verb
from listed import contradicted, refused_though_sound
from material import make_all
from run import place

N_SPOILED = 120


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "material"
    make_all(folder)
    return folder


def test_what_is_sound_is_accepted(material: Path, tmp_path: Path) -> None:
    assert refused_though_sound(material, tmp_path / "work") == []


def test_what_contradicts_itself_is_refused(material: Path, tmp_path: Path) -> None:
    accepted = [name for name, became, _ in contradicted(material, tmp_path / "work") if became != "sentence"]
    assert accepted == []


def test_spoiled_inputs_give_an_answer_or_a_sentence(material: Path, tmp_path: Path) -> None:
    tried = (try_one(material, tmp_path / "work", 1, number) for number in range(N_SPOILED))
    found = [f"{number}: {kind}: {place(text)}" for number, (kind, fate, text) in enumerate(tried) if fate == "finding"]
    assert found == []


ROWS = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=6).filter(str.strip),
        st.integers(0, 9),
        st.sampled_from((0, 1)),
        st.floats(0.01, 1.0),
        st.floats(0.0, 1.0),
    ),
    min_size=2,
    max_size=30,
)


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(rows=ROWS)
def test_a_table_is_read_row_by_row_whatever_users_are_called(tmp_path_factory: Any, rows: list[Any]) -> None:
    """As many slots and users as there are, and IPS is the mean of weight times reward."""
    file = tmp_path_factory.mktemp("rows") / "table.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["user", "item", "reward", "propensity", "target"])
        writer.writerows(rows)
    reports = list[dict[str, Any]]()

    def understood(report: dict[str, Any]) -> str:
        reports.append(report)
        return all_rows_of(file)(report)

    fate, text = of_verb(["evaluate", str(file), "--target-column", "target"], understood)
    assert fate != "finding", text
    if fate == "answer":
        report = reports[0]
        assert report["diagnostics"]["n_users"] == len({row[0] for row in rows})
        ips = np.mean([reward * target / propensity for _, _, reward, propensity, target in rows])
        assert report["estimates"]["ips"]["value"] == pytest.approx(ips, rel=1e-6, abs=1e-9)
