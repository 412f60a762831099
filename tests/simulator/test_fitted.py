"""Fitted worlds on disk."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from serendip.simulator.errors import DataError
from serendip.simulator.fitted import Fitted
from serendip.simulator.population import PopulationSettings


@pytest.fixture
def fitted() -> Fitted:
    rng = np.random.default_rng(0)
    return Fitted(
        topic=np.array([0, 1, 1, 2], np.int32),
        quality=rng.normal(size=4).astype(np.float32),
        factors=rng.normal(size=(4, 2)).astype(np.float32),
        taste=rng.normal(size=(3, 2)).astype(np.float32),
        known=np.eye(3, dtype=np.float32),
        days_active=np.array([0, 5, 50], np.float32),
        days_watched=np.array([100, 100, 100], np.float32),
    )


def test_what_is_saved_is_what_is_loaded(fitted: Fitted, tmp_path: Path) -> None:
    fitted.save(tmp_path / "fitted.safetensors")
    again = Fitted.load(tmp_path / "fitted.safetensors")
    for field in fields(Fitted):
        assert np.array_equal(getattr(again, field.name), getattr(fitted, field.name))
    assert [path.name for path in tmp_path.iterdir()] == ["fitted.safetensors"]


def test_base_rates_are_drawn_from_each_persons_posterior(fitted: Fitted) -> None:
    """Mean rate (r + days active) / (alpha + days watched); 4 standard errors, a false alarm in 10,000."""
    settings = PopulationSettings(n_users=30_000, rate_shape=2.0, rate_scale_days=20.0)
    people = fitted.population(settings, 0.25, 0)
    for person, active in enumerate((0.0, 5.0, 50.0)):
        rate = people.base_rate[(people.known == fitted.known[person]).all(axis=1)]
        mean, spread = (2.0 + active) / 120.0, np.sqrt(2.0 + active) / 120.0
        assert abs(rate.mean() - mean) < 4.0 * spread / np.sqrt(len(rate))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"factors": np.full((4, 2), np.nan, np.float32)}, "factors holds NaN"),
        ({"quality": np.zeros(3, np.float32)}, "quality has shape"),
        ({"topic": np.array([0, 1, 1, 3], np.int32)}, "outside 0 to 2"),
    ],
)
def test_arrays_that_cannot_be_are_refused(fitted: Fitted, change: dict[str, np.ndarray], named: str) -> None:
    with pytest.raises(DataError, match=named):
        replace(fitted, **change)


def test_a_file_that_is_no_fitted_world_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fitted.safetensors"
    with pytest.raises(DataError, match="not a fitted world"):
        Fitted.load(path)
    path.write_bytes(b"\x00" * 20)
    with pytest.raises(DataError, match="not a fitted world"):
        Fitted.load(path)
