"""JSON from outside: what cannot be read is one sentence that names the file; what is read is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.files import write_whole
from serendip.simulator.settings import read_world
from serendip.simulator.settings_json import read_json


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, "nested too deep"),
        ('{"n_users": ' + "9" * 5_000 + "}", "integer"),
        ('{"slate_size": 2, "slate_size": 3}', "'slate_size' stands twice"),
        ('{"a": {"b": 1, "b": 1}}', "'b' stands twice"),
        ('{"slate_size": NaN}', "NaN"),
        ('{"slate_size": -Infinity}', "-Infinity"),
        ("", "Expecting value"),
        ("{", "Expecting"),
    ],
)
def test_what_is_no_json_is_a_sentence(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "world.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=named) as caught:
        read_json(file)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", [b"\xff\xfe{\x00}\x00", b'{"name": "\xe9"}'])
def test_what_is_no_utf_8_is_a_sentence(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "world.json").write_bytes(text)
    with pytest.raises(DataError, match=r"world\.json: not valid JSON"):
        read_json(tmp_path / "world.json")


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"a": [1, 2.5]}', encoding="utf-8-sig")
    assert read_json(tmp_path / "world.json") == {"a": [1, 2.5]}


@pytest.mark.parametrize("setting", ['"slate_size": 1', '"mean_slates": 1', '"population": {"n_users": 1'])
def test_a_number_of_hundreds_of_digits_is_a_sentence(tmp_path: Path, setting: str) -> None:
    file = tmp_path / "world.json"
    file.write_text("{" + setting + "0" * 400 + "}" * (1 + setting.count("{")), encoding="utf-8")
    with pytest.raises(SettingsError, match=setting.rpartition('"')[0].rpartition('"')[2]):
        read_world(str(file))


def test_half_a_character_is_written_as_an_escape(tmp_path: Path) -> None:
    write_whole(tmp_path / "page.html", "a \ud800 b é")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "a \\ud800 b é"
