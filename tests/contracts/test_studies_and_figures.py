"""Every study and every figure keeps its contract, also one from a file outside."""

from __future__ import annotations

import dataclasses
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from serendip.experiments.__main__ import main
from serendip.experiments.figures import FIGURES, draw_all
from serendip.experiments.online.results import Results, read_results
from serendip.experiments.online.studies import STUDIES, find_study
from serendip.experiments.online.study import Study, run_study
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings_json import settings_from_json, settings_to_json

TOYS = """
import dataclasses
from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.style import new_figure
from serendip.experiments.online.studies import StudyCard
from serendip.experiments.online.study import Study

STUDY = Study("toy", ("uniform",), "uniform", seeds=1, days=2, world="tiny")
CARD = StudyCard(name="toy", summary="A toy.", make=Study, settings=STUDY)


def draw(results):
    return new_figure(1, "toy", results.study.name)[0]


FIGURE = FigureCard(name="toy", summary="A toy.", make=draw)
"""


def small(name: str) -> Study:
    card = STUDIES.card(name)
    return settings_from_json(Study, settings_to_json(card.settings) | dict(card.small), name)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("study") / "out"
    run_study(small("discovery"), out, Console(quiet=True), jobs=1)
    return read_results(out)


@pytest.fixture
def toys(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "toys.py").write_text(TOYS)
    yield tmp_path / "toys.py"
    STUDIES.dismiss("toy")
    FIGURES.dismiss("toy")


@pytest.mark.parametrize("name", STUDIES)
def test_a_studys_card_is_of_the_study(name: str) -> None:
    card = STUDIES.card(name)
    if card.protocol:
        assert (card.name, callable(pkgutil.resolve_name(card.protocol))) == (name, True)
        with pytest.raises(SettingsError, match=f"serendip run {name}"):
            find_study(name)
        return
    assert (card.name, card.settings.name) == (name, name)
    assert find_study(name) is card.settings
    assert dataclasses.is_dataclass(small(name))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_of_one_seed(results: Results, name: str) -> None:
    assert FIGURES.card(name).name == name
    assert len(FIGURES.card(name).make(results).axes) >= 1


def test_parts_from_a_file_are_taken_in(results: Results, toys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find_study(f"{toys}:CARD").days == 2
    FIGURES.admit(f"{toys}:FIGURE")
    assert (toys.parent / "toy.png") in draw_all(results, toys.parent)
    for kind in ("studies", "figures"):
        assert main(["list", kind]) == 0
        assert "A toy." in capsys.readouterr().out


def test_an_unknown_study_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="unknown study 'no'; known: discovery, uncertainty"):
        find_study("no")
