"""A world's own log gives its settings back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import gamma

from serendip.simulator import randomness
from serendip.simulator.calibration import bgnbd, calibrate_log
from serendip.simulator.calibration.from_logs.choices import Choices, Exposures
from serendip.simulator.calibration.from_logs.log_verdict import lost_choices
from serendip.simulator.calibration.from_logs.log_world import unidentified
from serendip.simulator.calibration.from_logs.read import LogFit, fit_log
from serendip.simulator.calibration.from_logs.visits import GRID, Course, Lesson, Moves, _scores
from serendip.simulator.calibration.rates import Rates
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Slates
from serendip.simulator.logs import LogMeta, LogWriter, organic_table, seal
from serendip.simulator.organic import organic_history
from serendip.simulator.settings import read_world
from serendip.simulator.world import World, make_world

CONSTANT = {"kind": "repertoire", "discovery_effect": 0.0, "satisfaction_effect": 0.0, "leaving": 0.0}


def world(n_users: int, dynamics: dict[str, Any]) -> World:
    base, _ = read_world("default")
    people = replace(base.population, n_users=n_users, liked_topics=3.0)
    return World(replace(base, catalogue=replace(base.catalogue, n_topics=8), population=people, dynamics=dynamics), 0)


Choose = Callable[[World, Any, int, int], tuple[Any, Any]]


def at_random(world: World, users: Any, day: int, visit: int) -> tuple[Any, Any]:
    """Return random slates, and their propensities."""
    items = randomness.distinct(world.n_items, world.settings.slate_size, 1, users, day, visit)
    return items, np.full(items.shape, 1.0 / world.n_items)


class HalfPersonal:
    """For every other visit random slates, else two items of the topic that the user has clicked most in the log."""

    def __init__(self, world: World) -> None:
        self._clicks = np.zeros((world.n_users, world.catalogue.n_topics))
        quality = world.catalogue.quality
        self._best = np.stack([np.lexsort((-quality, world.items.topic != k))[:2] for k in range(8)])

    def __call__(self, world: World, users: Any, day: int, visit: int) -> tuple[Any, Any]:
        items, chance = at_random(world, users, day, visit)
        best = self._best[self._clicks[users].argmax(axis=1)]
        others = np.array([np.setdiff1d(row, mine)[:3] for row, mine in zip(items, best, strict=True)])
        personal = np.concatenate([best, others], axis=1)
        shown = np.where(randomness.uniform(2, users, day, visit)[:, None] < 0.5, personal, items)
        return shown, 0.5 * chance + 0.5 * np.where(shown == personal, np.array([1.0, 1.0, 0.01, 0.01, 0.01]), 0.0)

    def learn(self, world: World, users: Any, items: Any, clicked: Any) -> None:
        slates, slots = np.nonzero(clicked)
        np.add.at(self._clicks, (users[slates], world.items.topic[items[slates, slots]]), 1.0)


def export(world: World, path: Path, days: int, choose: Choose = at_random) -> Path:
    """Write the log of `days`."""
    log, state, length = LogWriter(path), world.start(), world.settings.slate_size
    for day in range(days):
        users, n_slates = world.come(state, day)
        for visit in range(int(n_slates.max(initial=0))):
            here = users[n_slates > visit]
            items, chance = choose(world, here, day, visit)
            clicked = world.show(state, day, visit, here, items)
            if isinstance(choose, HalfPersonal):
                choose.learn(world, here, items, clicked)
            slates = Slates(items, chance, None, np.ones(len(here), dtype=bool))
            log.append(world.visits(here, day, visit), slates, Feedback(clicked))
        world.night(state, day)
    ids, last = np.arange(world.n_users), np.full(world.n_users, days - 1)
    columns = {"user_id": ids, "cohort": ["everyone"] * len(ids), "first_day": 0 * last, "last_day": last}
    users = pa.table(columns | {"censored": np.ones(len(ids), dtype=bool)})
    past = pa.concat_tables([organic_table(o.visits, o.items, o.clicked) for o in organic_history(world)])
    log.close(LogMeta("export", ("uniform",), length, days), users, world.items, past)
    return path


def test_a_log_gives_rates_and_choices_back(tmp_path: Path) -> None:
    """6,000 users, 40 days.  Over eight seeds r and alpha varied by 4.2% and 4.6%, gamma by 0.6%: five times that.

    What users like is fitted on 4,000 of them: five standard errors and more on each side.
    """
    found = fit_log(export(world(6_000, CONSTANT), tmp_path / "log", 40), moves=False)
    assert found.rates.shape == pytest.approx(2.0, rel=0.24)
    assert found.rates.scale_days == pytest.approx(16.0, rel=0.24)
    assert found.rates.leave_a / (found.rates.leave_a + found.rates.leave_b) < 0.005
    assert found.examination == pytest.approx(0.85, rel=0.04)
    assert found.to_json()["no_click_utility"] == pytest.approx(1.0, abs=0.25)
    assert found.choices.other - found.choices.liked == pytest.approx(-3.2, abs=0.4)
    assert found.choices.liked_share == pytest.approx(3.0 / 8.0, abs=0.06)
    assert found.choices.satiation == pytest.approx(0.25 * 0.4, rel=0.4)


def test_a_world_comes_out_of_a_log(tmp_path: Path) -> None:
    report = calibrate_log(export(world(300, {"kind": "repertoire"}), tmp_path / "log", 15), tmp_path / "found")
    assert make_world(tmp_path / "found", 1).settings == report.settings
    assert report.settings.mean_slates == pytest.approx(3.0, abs=0.3)  # 700 visits: a standard error of 0.05
    fit = json.loads((tmp_path / "found" / "fit.json").read_text())
    assert fit["errors"]["repertoire_days"] > 0.0
    assert any("repertoire_days" in line for line in report.lines())
    with pytest.raises(DataError, match="is a file"):
        calibrate_log(tmp_path / "log", tmp_path / "found" / "fit.json")


def test_next_to_nothing_makes_no_world_without_force(tmp_path: Path) -> None:
    """30 users and 6 days; with force a world is made, and says that there was nothing to fit."""
    few = export(world(30, CONSTANT), tmp_path / "few", 6)
    with pytest.raises(DataError, match=r"tastes: \d+ clicks of \d+ users.*how often people come.*--force"):
        calibrate_log(few, tmp_path / "found")
    assert not (tmp_path / "found").exists()
    report = calibrate_log(few, tmp_path / "found", force=True, n_users=50)
    assert make_world(tmp_path / "found", 0).n_users == 50
    assert report.verdict.word == "nothing to fit"
    fit = json.loads((tmp_path / "found" / "fit.json").read_text())
    assert fit["verdict"]["word"] == "nothing to fit"
    assert any(line.startswith("not identified: tastes") for line in report.lines())


def test_what_the_search_ended_with_at_a_border_is_the_defaults(tmp_path: Path) -> None:
    """60 users, 15 days: activity is not identified, and each name that is lost is as in `default`."""
    report = calibrate_log(export(world(60, CONSTANT), tmp_path / "log", 15), tmp_path / "found")
    lost = {name.replace(" ", "_") for name in report.verdict.failed}
    usual = Repertoire()
    names = {"discovery_effect", "satisfaction_effect", "activity_days", "repertoire_days", "loyalty", "leaving"} & lost
    assert names
    for name in names:
        assert report.settings.dynamics.get(name, getattr(usual, name)) == getattr(usual, name)
    assert not lost & {name.replace(" ", "_") for name in report.verdict.fitted}
    assert all(any(name in line for line in report.verdict.assumed) for name in report.verdict.failed)


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({"other": -8.0}, ["other"]),
        ({"satiation": 0.0, "quality_scale": 0.0}, []),
        ({"satiation": 3.0}, ["satiation"]),
        ({"satiation_days": 60.0}, ["satiation_days"]),
        ({"spread": float(np.e)}, ["spread"]),
    ],
)
def test_borders_of_choices(changed: dict[str, float], lost: list[str]) -> None:
    choices = Choices(0.0, -3.0, 0.5, 0.3, 1.0, 0.1, 4.0)
    assert lost_choices(replace(choices, **changed), 0.85) == lost
    assert lost_choices(choices, 20.0) == lost_choices(choices, 1.0) == ["examination"]
    assert lost_choices(choices, 1.02) == []


def test_slates_of_one_say_nothing_of_examination(tmp_path: Path) -> None:
    settings = replace(world(60, CONSTANT).settings, slate_size=1)
    fit = fit_log(export(World(settings, 0), tmp_path / "log", 15), moves=False)
    assert fit.examination == 1.0
    assert "examination" in unidentified(fit)


def test_an_empty_log_is_a_sentence(tmp_path: Path) -> None:
    log = export(world(60, CONSTANT), tmp_path / "log", 3)
    for part in (log / "decisions").iterdir():
        pq.write_table(pq.read_table(part).slice(0, 0), part)
    seal(log)
    with pytest.raises(DataError, match="holds no slots"):
        calibrate_log(log, tmp_path / "found", force=True)


@pytest.mark.slow
def test_a_large_log_gives_everything_back(tmp_path: Path) -> None:
    """50,000 users of the default dynamics, 60 days: Gamma(2, 16 days) of base rates and every decay within 15%.

    On seed 100 they were 2, 1, 3 (tau_a), 9 (tau_m) and 8% (tau_b) off, with standard errors of 1, 1, 1, 4 and some 5%.
    """
    found = fit_log(export(world(50_000, {"kind": "repertoire"}), tmp_path / "log", 60))
    assert found.moves is not None
    assert found.moves.shape == pytest.approx(2.0, rel=0.15)
    assert found.moves.scale_days == pytest.approx(16.0, rel=0.15)
    assert found.moves.activity_days == pytest.approx(14.0, rel=0.15)
    assert found.moves.repertoire_days == pytest.approx(60.0, rel=0.15)
    assert found.choices.satiation_days == pytest.approx(4.0, rel=0.15)
    assert found.examination == pytest.approx(0.85, rel=0.02)


@pytest.mark.slow
def test_a_large_log_of_customers_who_leave_gives_their_rates_back(tmp_path: Path) -> None:
    """50,000 users under BG/NBD, 120 days: r, alpha, a and b within 15%."""
    attrition = {"kind": "bgnbd", "leave_a": 0.793, "leave_b": 2.426}
    rates = fit_log(export(world(50_000, attrition), tmp_path / "attrition", 120), moves=False).rates
    found = [rates.shape, rates.scale_days, rates.leave_a, rates.leave_b]
    assert found == pytest.approx([2.0, 16.0, 0.793, 2.426], rel=0.15)


@pytest.mark.slow
def test_a_log_of_a_policy_that_follows_clicks_gives_satiation_and_examination_back(tmp_path: Path) -> None:
    """4,000 users, half of whose slates go by what they clicked: these do not follow the policy (tastes do)."""
    crowd = world(4_000, CONSTANT)
    found = fit_log(export(crowd, tmp_path / "log", 40, HalfPersonal(crowd)), moves=False)
    assert found.choices.satiation_days == pytest.approx(4.0, rel=0.3)
    assert found.examination == pytest.approx(0.85, rel=0.04)


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
    b = Exposures(shown, wait, np.array([0, 1, 2, 0, 1])).satiation(4.0)
    assert b.tolist() == pytest.approx([0.0, 2.0, 3.0 * np.exp(-0.5), 0.0, 3.0 * np.exp(-0.25)])


def small_course() -> Course:
    """Return a course of 7 users over 9 days, of whom two arrive later and one never comes."""
    rng = np.random.default_rng(3)
    first = np.array([0, 0, 0, 0, 2, 4, 0])
    came = (rng.random((7, 9)) < 0.4) & (np.arange(9) >= first[:, None])
    came[6] = False
    lessons = [Lesson(day, np.array([0, 4]), np.array([day % 3, 1]), np.array([0.2, 0.1])) for day in (2, 3, 6)]
    return Course(came, first, rng.normal(0.0, 0.2, (7, 9)), 0.7 * (rng.random((7, 3)) < 0.3), lessons, Repertoire())


def slow_likelihood(x: Any, course: Course, user: int) -> float:
    """Return the log likelihood of a user, by going through every base rate, day and night of leaving."""
    shape, scale, effect, mood_effect, activity_days, repertoire_days, leaving, loyalty = x
    rows, n_days, total = course.known[user].copy(), course.came.shape[1], 0.0
    level, levels = 0.0, list[float]()
    for day in range(n_days):
        levels.append(level)
        for lesson in course.lessons:
            for who, topic, learnt in zip(lesson.users, lesson.topics, lesson.learnt, strict=True):
                rows[topic] += (1.0 - rows[topic]) * learnt if (lesson.day, who) == (day, user) else 0.0
        rows = rows * np.exp(-1.0 / repertoire_days)
        target = effect * (1.0 - np.exp(-rows.sum() / 2.0)) + mood_effect * course.mood[user, day]
        level += (target - level) / activity_days
    for log_rate in GRID:
        seen, there = 0.0, 1.0
        for day in range(course.first[user], n_days):
            rate = min(np.exp(log_rate + levels[day]), 2.5)
            there *= 1.0 - np.exp(-rate) if course.came[user, day] else np.exp(-rate)
            hazard = leaving * np.exp(-loyalty * rate)
            if day < n_days - 1 and not course.came[user, day + 1 :].any():
                seen += there * hazard
            there *= 1.0 - hazard if day < n_days - 1 else 1.0
        weight = gamma.pdf(np.exp(log_rate), shape, scale=1.0 / scale) * np.exp(log_rate) * (GRID[1] - GRID[0])
        total += weight * (seen + there)
    return float(np.log(total))


def test_the_likelihood_of_visits_is_that_of_going_through_all_that_can_happen() -> None:
    course, x = small_course(), np.array([1.5, 9.0, 2.0, 1.5, 5.0, 20.0, 0.05, 3.0])
    value, scores = _scores(x, course)
    assert value == pytest.approx([slow_likelihood(x, course, user) for user in range(7)], rel=1e-9)
    for at in range(len(x)):
        up, down = x.copy(), x.copy()
        up[at] *= np.exp(1e-3)
        down[at] *= np.exp(-1e-3)
        slope = (_scores(up, course)[0] - _scores(down, course)[0]) / 2e-3
        assert scores[:, at] == pytest.approx(slope, rel=2e-3, abs=2e-4)


def test_what_a_log_cannot_say_is_said_and_is_not_put_into_the_world() -> None:
    moves = Moves(2.0, 16.0, 11.0, 2.5, 14.0, 60.0, 0.02, 6.0)
    errors = Moves(0.1, 0.1, 10.09, 0.2, 0.3, float("nan"), 0.2, 0.51)
    choices = Choices(0.1, -2.2, 0.5, 0.1, 1.0, 0.1, 4.0)
    fit = LogFit(Rates(1.0, 20.0, 1.0, 3.0), 0.85, choices, 0.5, moves, errors)
    assert unidentified(fit) == ["discovery_effect", "repertoire_days", "loyalty"]
    at_border = replace(moves, discovery_effect=20.0, loyalty=100.0)
    assert unidentified(replace(fit, moves=at_border, errors=Moves(*[0.1] * 8))) == ["discovery_effect", "loyalty"]
