"""A value of a log's states is not taken for that of the target's own run, least of all where users change."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from rich.console import Console

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.evaluation import Truth
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging.returns import Returns
from serendip.experiments.offline.judging.states import of_its_run
from serendip.experiments.offline.report import report
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.on_policy import on_policy_truth
from serendip.experiments.online.unit import Unit
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

QUICK = Method(("ips", "snips", "slate_snips"), n_replicates=50)


def days(seed, effect, n_users=300, n_days=60):
    """Return (user, day, reward) of users who come by chance, sooner by `effect` a reward; both drift in time."""
    rng = np.random.default_rng(seed)
    rate, taste = 0.4 * rng.random(n_users) + 0.1, 0.3 * rng.random(n_users)
    mood, rows = np.zeros(n_users), list[tuple[int, int, float]]()
    for day in range(n_days):
        trend = day / n_days
        came = np.flatnonzero(rng.random(n_users) < np.clip(rate * (1.3 - 0.6 * trend) * np.exp(effect * mood), 0, 1))
        reward = (rng.random((len(came), 3)) < (taste[came] + 0.4 * trend)[:, None]).sum(axis=1)
        mood *= 0.8
        mood[came] += reward - 3 * (taste[came] + 0.4 * trend)
        rows += zip(came.tolist(), [day] * len(came), reward.astype(float).tolist(), strict=True)
    return np.array(rows).T


def sooner(seed, effect):
    user, day, reward = days(seed, effect)
    found = Returns()
    some = np.ones(len(user))
    for rows in np.array_split(np.arange(len(user)), 7):
        batch = slots(user[rows].astype(np.int64), reward[rows], some[rows], some[rows])
        found.update(dataclasses.replace(batch, further={"day": day[rows]}))
    return found.sooner()


def test_users_who_come_by_chance_are_not_said_to_be_moved():
    # rewards and visits both drift; of 40 logs one is beyond 4 standard errors once in 400 such tests
    found = np.array([sooner(seed, 0.0) for seed in range(40)])
    assert abs(found).max() < 4.0
    assert abs(found.mean()) < 4.0 / np.sqrt(40)
    assert found.std() < 1.5


def test_users_whom_rewards_bring_back_are_seen():
    assert min(sooner(seed, 0.3) for seed in range(3)) > 4.0
    assert Returns().sooner() is None
    few = Returns()
    few.update(dataclasses.replace(slots(np.zeros(3, np.int64), *np.ones((3, 3))), further={"day": np.arange(3.0)}))
    assert few.sooner() is None


def world_of(kind):
    """Return a small world: static, or where users discover and tire."""
    default = read_world("default" if kind == "moving" else kind)[0]
    people = dataclasses.replace(default.population, n_users=400, rate_scale_days=10.0)
    return World(dataclasses.replace(default, population=people), seed=3)


@pytest.fixture(scope="module", params=["static", "moving"])
def told(request, tmp_path_factory):
    """Return the kind of a world, and what is said of uniform slates from a log of a greedier policy there."""
    folder = tmp_path_factory.mktemp(request.param)
    world_of(request.param).save(folder / "world")
    Unit(folder / "unit", folder / "world", "ease-epsilon:epsilon=0.5", 3, Schedule(days=40), logged=True).run()
    log = folder / "unit" / "log"
    return request.param, evaluate(log, "uniform", truth=lambda: on_policy_truth(log, "uniform", 0), method=QUICK)


def test_where_users_change_no_value_of_their_states_is_reliable(told):
    kind, found = told
    assert found.verdict == ("reliable" if kind == "static" else "weak")
    moved = [reason for reason in found.reasons if "users change with what they are shown. So" in reason]
    assert len(moved) == (kind == "moving")


def test_which_value_is_estimated_is_said_first(told):
    kind, found = told
    shown = io.StringIO()
    report(found, None, Console(file=shown, width=200))
    first, text = shown.getvalue().splitlines()[0], " ".join(shown.getvalue().split())
    assert "a slot, in the states in which this log met its users, by slate SNIPS" in first
    assert "truth (its own run in the log's world)" in text
    if kind == "static":
        assert "the target's own run would leave them in other states" in text


def test_a_run_outside_of_the_interval_is_said():
    ends = {"snips": Estimate(0.2, 0.1, 0.3, 0.05)}
    assert of_its_run(ends, "snips", Truth(0.3)) == []
    assert of_its_run(ends, "snips", None) == of_its_run(ends, None, Truth(0.5)) == []
    [said] = of_its_run(ends, "snips", Truth(0.31))
    assert "is worth 0.31, outside of the interval" in said
