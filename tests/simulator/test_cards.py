"""Ranges, cards and registries: what is shipped, what a person admits, and that nothing else is imported."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest

from serendip.simulator.cards import Card, Registry, find
from serendip.simulator.errors import SettingsError
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a toy."""

    share: Annotated[float, Range(least=0, most=1)] = 0.5
    scale: Annotated[float, Range(above=0)] = 1.0
    sizes: tuple[Annotated[int, Range(least=1)], ...] = (3,)
    most: Annotated[int, Range(least=1)] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        check_ranges(self, "toy")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyCard(Card):
    """A card of a kind of its own."""


TOY = ToyCard(name="toy", summary="A toy.", make=Settings, settings=Settings())
PART = """
from serendip.simulator.cards import Card
CARD = Card(name="mine", summary="Mine.", make=dict)
"""


def registry() -> Registry[Card]:
    return Registry("strategy", Card, {"shipped": "serendip.simulator.cards:Card"})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"share": 1.01}, "toy: share is 1.01; allowed is 0 to 1"),
        ({"share": -0.01}, "toy: share is -0.01; allowed is 0 to 1"),
        ({"share": float("nan")}, "toy: share is nan; allowed is 0 to 1"),
        ({"scale": 0.0}, "toy: scale is 0.0; allowed is more than 0"),
        ({"scale": float("inf")}, "toy: scale is inf; allowed is more than 0"),
        ({"sizes": (2, 0)}, r"toy: sizes is \(2, 0\); allowed is 1 to 1,000,000"),
        ({"most": 0}, "toy: most is 0; allowed is 1 to 1,000,000"),
    ],
)
def test_a_number_out_of_its_range_is_named_with_what_is_allowed(values, message):
    with pytest.raises(SettingsError, match=message):
        Settings(**values)


def test_the_borders_themselves_are_allowed():
    assert Settings(share=0.0) != Settings(share=1.0, sizes=(), most=1)


@pytest.mark.parametrize(
    ("allowed", "words"),
    [
        (Range(above=0, most=1), "more than 0 and at most 1"),
        (Range(least=1, below=2), "1 or more and less than 2"),
        (Range(), "a finite number"),
    ],
)
def test_a_range_says_itself_in_words(allowed, words):
    assert str(allowed) == words


def test_a_card_lists_its_settings_with_defaults_and_ranges():
    assert [(option.name, option.default, option.allowed) for option in TOY.options()] == [
        ("share", 0.5, "0 to 1"),
        ("scale", 1.0, "more than 0"),
        ("sizes", (3,), "1 to 1,000,000"),
        ("most", None, "1 to 1,000,000"),
        ("name", "", ""),
    ]


def test_a_part_from_a_file_is_admitted_by_its_name_and_dismissed(tmp_path: Path):
    (tmp_path / "part.py").write_text(PART)
    parts = registry()
    assert parts.admit(f"{tmp_path / 'part.py'}:CARD").name == "mine"
    assert parts.card("mine").make is dict
    assert parts.names() == ["shipped", "mine"]
    parts.dismiss("mine")
    with pytest.raises(SettingsError, match="unknown strategy 'mine'; known: shipped"):
        parts.card("mine")


def test_no_name_that_is_looked_up_makes_code_be_imported(tmp_path: Path):
    (tmp_path / "evil.py").write_text("raise RuntimeError('imported')")
    with pytest.raises(SettingsError, match="unknown strategy"):
        registry().card(f"{tmp_path / 'evil.py'}:CARD")
    assert not any("evil" in name for name in sys.modules)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("nothing", "expected FILE.py:NAME or PACKAGE.MODULE:NAME"),
        ("no_such_file.py:CARD", "no such file"),
        ("no.such.module:CARD", "importing it failed .ModuleNotFoundError"),
        ("json:CARD", "json has no 'CARD'; it has"),
    ],
)
def test_what_cannot_be_found_is_one_sentence(reference, message):
    with pytest.raises(SettingsError, match=message):
        find(reference)


def test_a_file_that_fails_is_one_sentence_and_can_be_mended(tmp_path: Path):
    file = tmp_path / "broken.py"
    file.write_text("1 / 0")
    with pytest.raises(SettingsError, match="ZeroDivisionError"):
        find(f"{file}:CARD")
    file.write_text(PART)
    assert find(f"{file}:CARD").name == "mine"


def test_what_is_no_card_of_the_kind_and_names_that_are_taken_are_refused():
    parts = Registry("toy", ToyCard, {"toy": "serendip.simulator.cards:Card"})
    with pytest.raises(SettingsError, match="expected a ToyCard, the card of a toy"):
        parts.admit(Card(name="other", summary="", make=dict))  # pyright: ignore[reportArgumentType]
    with pytest.raises(SettingsError, match="has the name of a shipped one"):
        parts.admit(TOY)
