"""Settings: presets are read back as they are; every bad one is one sentence that names what is allowed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.settings import WorldSettings, preset_names, read_world
from serendip.simulator.settings_json import settings_from_json, settings_to_json
from serendip.simulator.world import make_world


@pytest.mark.parametrize("name", preset_names())
def test_presets_are_read_back_as_they_are(name: str) -> None:
    settings, folder = read_world(name)
    assert settings.summary.endswith(".")
    assert folder is None
    assert settings.name == name
    assert settings_from_json(WorldSettings, settings_to_json(settings), "again") == settings


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"slate_size": 0}, "slate_size is 0"),
        ({"slate_size": 1001}, "1000 items"),
        ({"slate_size": "five"}, "expected int"),
        ({"mean_slates": 0.5}, "1 to 50"),
        ({"slots": 3}, "known settings: name, summary, slate_size"),
        ({"catalogue": {"n_topics": 2_000_000}}, "n_items = 1000"),
        ({"catalogue": {"n_topics": 2_000_000, "n_items": 3_000_000}}, "take fewer topics or users"),
        ({"catalogue": {"n_items": 0}}, "n_items is 0"),
        ({"catalogue": {"n_items": 10**12}}, "100,000,000"),
        ({"population": {"inflow_per_day": 1e9, "inflow_days": 100}}, "take fewer topics or users"),
        ({"catalogue": {"quality_spread": -1.0}}, "quality_spread is -1.0"),
        ({"catalogue": {"quality_spread": float("nan")}}, "quality_spread"),
        ({"catalogue": 3}, "expected an object"),
        ({"population": {"n_users": 0}}, "n_users is 0"),
        ({"population": {"rate_shape": -2.0}}, "more than 0"),
        ({"population": {"rate_scale_days": 0.0}}, "more than 0"),
        ({"population": {"taste_spread": -0.1}}, "0 or more"),
        ({"population": {"liked_mean": float("nan")}}, "liked_mean"),
        ({"population": {"cohorts": []}}, "at least one"),
        ({"population": {"cohorts": [{"weight": -1.0}]}}, "weight is -1.0"),
        ({"population": {"cohorts": [{"wieght": 1.0}]}}, "known settings: name, weight"),
        ({"dynamics": {"kind": "magic"}}, "known: repertoire"),
        ({"dynamics": 7}, "dynamics: expected an object with settings, got 7"),
        ({"choice": ["cascade"]}, "choice: expected an object with settings"),
        ({"dynamics": {"kind": "repertoire", "leaving": 2.0}}, "0 to 1"),
        ({"dynamics": {"kind": "repertoire", "activity_days": 0.0}}, "more than 0"),
        ({"dynamics": {"kind": "repertoire", "satiation_effect": -1.0}}, "0 or more"),
        ({"dynamics": {"kind": "static", "leaving": 0.1}}, "unknown setting 'leaving'"),
        ({"choice": {"kind": "multinomial-logit", "examination": 1.5}}, "at most 1"),
    ],
)
def test_a_bad_setting_is_one_sentence(values: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from_json(WorldSettings, values, "world.json")
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_world_from_outside_is_one_file_over_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "busy.json"
    file.write_text(json.dumps({"base": "tiny", "name": "busy", "mean_slates": 9.0}))
    settings, folder = read_world(file)
    tiny, _ = read_world("tiny")
    assert folder == tmp_path
    assert settings == replace(tiny, name="busy", summary="", mean_slates=9.0)
    file.write_text(json.dumps({"base": "tinny"}))
    with pytest.raises(SettingsError, match="unknown base 'tinny'; known worlds: attrition"):
        read_world(file)


@pytest.mark.parametrize(
    ("n_users", "n_topics", "said"), [(10**12, 1, "80,000 GB"), (10**9, 64, "1,088 GB"), (10**12, 64, "1,088,000 GB")]
)
def test_a_world_that_fits_no_machine_is_refused_with_its_size(n_users: int, n_topics: int, said: str) -> None:
    values = {"population": {"n_users": n_users}, "catalogue": {"n_topics": n_topics}}
    with pytest.raises(SettingsError, match=f"{n_users:,} users x {n_topics} topics would take {said} of memory"):
        settings_from_json(WorldSettings, values, "world.json")


def test_an_unknown_world_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="default, factors"):
        read_world("defualt")


def test_a_folder_that_is_no_world_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no world\.json"):
        read_world(tmp_path)
    (tmp_path / "world.json").write_text("{")
    with pytest.raises(DataError, match="not valid JSON"):
        read_world(tmp_path)
    (tmp_path / "world.json").write_text(json.dumps({"nmae": "x"}))
    with pytest.raises(SettingsError, match=r"world\.json: unknown setting 'nmae'"):
        read_world(tmp_path)


def test_topics_that_hardly_anybody_likes_can_still_be_drawn(tmp_path: Path) -> None:
    """However skewed: of 16 topics each persona's pool has 3."""
    file = tmp_path / "skewed.json"
    file.write_text(json.dumps({"base": "tiny", "name": "skewed", "population": {"topic_skew": 2.0**63}}))
    assert make_world(str(file), 0).n_users == 100
