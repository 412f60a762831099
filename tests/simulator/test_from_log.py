"""A world's own log gives its settings back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from serendip.simulator import randomness
from serendip.simulator.calibration import bgnbd
from serendip.simulator.calibration.from_log import _satiation, fit_log
from serendip.simulator.calibration.rates import Rates
from serendip.simulator.interface import DataError, Feedback, Slates
from serendip.simulator.logs import LogMeta, LogWriter
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

CONSTANT = {"kind": "repertoire", "discovery_effect": 0.0, "satisfaction_effect": 0.0, "leaving": 0.0}


def world(n_users: int, dynamics: dict[str, Any]) -> World:
    base, _ = read_world("default")
    people = replace(base.population, n_users=n_users, liked_topics=3.0)
    return World(replace(base, catalogue=replace(base.catalogue, n_topics=8), population=people, dynamics=dynamics), 0)


def export(world: World, path: Path, days: int, *, explored: bool = True) -> Path:
    """Write the log of `days` under random slates."""
    log, state, length = LogWriter(path), world.start(), world.settings.slate_size
    for day in range(days):
        users, n_slates = world.come(state, day)
        for visit in range(int(n_slates.max(initial=0))):
            here = users[n_slates > visit]
            items = randomness.distinct(world.n_items, length, 1, here, day, visit)
            clicked = world.show(state, day, visit, here, items)
            chance = np.full(items.shape, 1.0 / world.n_items)
            slates = Slates(items, chance, None, np.full(len(here), explored))
            log.append(world.visits(here, day, visit), slates, Feedback(clicked))
        world.night(state, day)
    ids, last = np.arange(world.n_users), np.full(world.n_users, days - 1)
    columns = {"user_id": ids, "cohort": ["everyone"] * len(ids), "first_day": 0 * last, "last_day": last}
    users = pa.table(columns | {"censored": np.ones(len(ids), dtype=bool)})
    log.close(LogMeta("export", ("uniform",), length, days), users, world.items)
    return path


def test_a_log_gives_rates_and_examination_back(tmp_path: Path) -> None:
    """6,000 users, 40 days.  Over eight seeds r and alpha varied by 4.2% and 4.6%, gamma by 0.6%: five times that."""
    found = fit_log(export(world(6_000, CONSTANT), tmp_path / "log", 40))
    assert found.rates.shape == pytest.approx(2.0, rel=0.24)
    assert found.rates.scale_days == pytest.approx(16.0, rel=0.24)
    assert found.rates.leave_a / (found.rates.leave_a + found.rates.leave_b) < 0.005
    assert found.examination == pytest.approx(0.85, rel=0.04)
    assert found.satiation_slope > 0.0


@pytest.mark.slow
def test_a_large_log_gives_everything_back(tmp_path: Path) -> None:
    """50,000 users: Gamma(2, 16 days), the decay of satiation in 4 days and the leaving of customers within 15%."""
    found = fit_log(export(world(50_000, CONSTANT), tmp_path / "log", 60))
    assert found.rates.shape == pytest.approx(2.0, rel=0.15)
    assert found.rates.scale_days == pytest.approx(16.0, rel=0.15)
    assert found.satiation_days == pytest.approx(4.0, rel=0.15)
    assert found.examination == pytest.approx(0.85, rel=0.02)
    attrition = {"kind": "bgnbd", "leave_a": 0.793, "leave_b": 2.426}
    rates = fit_log(export(world(50_000, attrition), tmp_path / "attrition", 120)).rates
    found_values = [rates.shape, rates.scale_days, rates.leave_a, rates.leave_b]
    assert found_values == pytest.approx([2.0, 16.0, 0.793, 2.426], rel=0.15)


def test_published_parameters_come_back_from_customers_drawn_from_them() -> None:
    """The music shop's r, alpha (weeks), a and b, from 150,000 customers watched for 27 to 39 weeks, within 10%.

    Over three other draws the largest error was 1.7%, so that 10% is beyond five standard errors.
    """
    truth = Rates(0.243, 4.414, 0.793, 2.426)
    rng = np.random.default_rng(7)
    found = bgnbd.fit(bgnbd.draw(truth, rng.uniform(27.0, 39.0, 150_000), rng))
    for name in ("shape", "scale_days", "leave_a", "leave_b"):
        assert getattr(found, name) == pytest.approx(getattr(truth, name), rel=0.1), name


def test_the_likelihood_of_a_customer_by_hand() -> None:
    """r = a = 1, alpha = b = 2: nobody bought again by T = 2 with probability B(1, 2) / B(1, 2) (2 / 4)^1."""
    customers = bgnbd.Customers(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([2.0, 2.0]))
    none, one = np.exp(bgnbd.log_likelihood(Rates(1.0, 2.0, 1.0, 2.0), customers))
    assert none == pytest.approx(0.5)
    stayed, left = 2.0 / 3.0 * 2.0 / 4.0**2, 1.0 / 3.0 * 2.0 / 3.0**2
    assert one == pytest.approx(stayed + left)


def test_satiation_is_summed_as_the_world_does() -> None:
    shown, wait = np.array([2.0, 1.0, 1.0, 3.0, 1.0]), np.array([0, 0, 2, 0, 1])
    rank = np.array([0, 1, 2, 0, 1])
    b = _satiation(shown, wait, rank, 4.0)
    assert b.tolist() == pytest.approx([0.0, 2.0, 3.0 * np.exp(-0.5), 0.0, 3.0 * np.exp(-0.25)])


def test_a_log_that_nobody_drew_at_random_is_refused(tmp_path: Path) -> None:
    path = export(world(50, CONSTANT), tmp_path / "log", 5, explored=False)
    with pytest.raises(DataError, match="not all slates are random"):
        fit_log(path)
