"""Ratings are read as they are meant, or refused with the row that cannot be; a fit says what it is worth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from serendip.simulator import randomness
from serendip.simulator.calibration import Report, calibrate
from serendip.simulator.calibration.checks import Check, check
from serendip.simulator.calibration.rates import Activity, Rates
from serendip.simulator.calibration.reading import read_dated
from serendip.simulator.calibration.replicas import History
from serendip.simulator.calibration.verdict import judge
from serendip.simulator.errors import DataError
from serendip.simulator.population import PopulationSettings
from serendip.simulator.reading import Wanted
from serendip.simulator.reading.times import Misread, Times, read_times
from serendip.simulator.settings import read_world
from serendip.simulator.world import World, make_world

HEADER = "userId,movieId,rating,timestamp\n"
SECONDS = 874_724_710 + 86_400 * np.arange(215.0)  # 1997-09-20 to 1998-04-22
TORN = "line 3: a quote is opened and not closed on the line"


def ratings(path: Path, days: int = 200, rating: str = "5.0", n_users: int = 40, start: int = 1_000_000_000) -> Path:
    """Write 20 ratings of each user, over so many days."""
    rng = randomness.generator(0, "ratings")
    rows = list[str]()
    for user in range(n_users):
        day = int(rng.integers(max(1, days // 2)))
        for item in rng.permutation(40)[:20]:
            day = min(days - 1, day + int(rng.integers(3)))
            rows.append(f"{user:03d},{item},{rating},{start + day * 86_400}")
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize(
    ("size", "unit"), [(1, "seconds"), (1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds")]
)
def test_the_unit_is_told_from_the_whole_column_and_said(size: float, unit: str) -> None:
    times = read_times(pa.array(SECONDS * size), "timestamp")
    assert isinstance(times, Times)
    assert times.day.tolist() == list(range(215))
    assert times.said == f"1997-09-20 to 1998-04-22, {unit}"


@pytest.mark.parametrize("size", [1.0, 1e3, 1e6])
@pytest.mark.parametrize("odd", [0.0, -5.0, 9e17 * 1e9, 4.0])
def test_one_odd_stamp_is_named_and_moves_no_other(size: float, odd: float) -> None:
    stamps = SECONDS * size
    stamps[100] = odd
    found = read_times(pa.array(stamps), "timestamp")
    assert isinstance(found, Misread)
    assert (found.row, found.why[:26]) == (100, "what 99.5% of the rows are")


def test_one_stamp_of_milliseconds_among_seconds_is_named() -> None:
    stamps = SECONDS.copy()
    stamps[7] *= 1_000.0
    found = read_times(pa.array(stamps), "timestamp")
    assert isinstance(found, Misread)
    assert (found.row, found.why[:42]) == (7, "what 99.5% of the rows are: seconds since ")


def test_times_from_an_unknown_start_are_said_to_be() -> None:
    times = read_times(pa.array(86_400.0 * np.arange(30.0)), "timestamp")
    assert isinstance(times, Times)
    assert times.said == "30 days from an unknown start, seconds"


def test_ids_are_text(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(HEADER + "7,1,5,1000000000\n07,01,5,1000000000\n7,1.0,5,1000000000\n")
    found = read_dated(path)
    assert list(found.user_names) == ["07", "7"]
    assert list(found.item_names) == ["01", "1", "1.0"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ((HEADER + '1,2,5,1000000000\n2,"2,5,1000000000\n3,2,5,1000000000\n').encode(), TORN),
        ((HEADER + '1,2,5,1000000000\n2,"2\n",5,1000000000\n').encode(), TORN),
        (
            (HEADER + "1,2,5,1000000000\n").encode("utf-16"),
            "line 1: not text in UTF-8 .it may be UTF-16.; save the file as",
        ),
        ((HEADER + "1,2,5,1000000000\n").encode("utf-16-le"), "line 1: not text in UTF-8"),
        ((HEADER + "1,2,5,1000000000\né,2,5,1000000000\n").encode("latin-1"), "line 3: not text in UTF-8"),
        (b"userId,userId,rating,timestamp\n1,2,5,1000000000\n", "column 'userId' stands twice"),
        ((HEADER + "1,2,0,1000000000\n2,2,0,1000000000\n").encode(), "no rating is above 0"),
        (
            (HEADER + "1,2,5,0\n2,2,5,1000000000\n3,3,5,1000000000\n").encode(),
            "line 2: timestamp is '0'; allowed is what 66.7% of the rows are",
        ),
        ((HEADER + "1,2,5,1000000000\n2,2,NaN,1000000000\n").encode(), "line 3: rating is 'NaN'; allowed is a number"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_dated(path)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\n\n"])
def test_every_line_is_a_row_whatever_ends_it(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "ratings.csv"
    lines = ["userId,movieId,rating,timestamp", *(f'"{u}","a ""film""",5,1000000000' for u in range(9))]
    path.write_bytes(ends.join(lines).encode())
    found = read_dated(path)
    assert (len(found.user), list(found.item_names)) == (9, ['a "film"'])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    folder = tmp_path_factory.mktemp("fit")
    return folder / "world", calibrate(ratings(folder / "ratings.csv"), folder / "world")


def test_a_fit_says_what_was_read_fitted_and_assumed(report: tuple[Path, Report]) -> None:
    folder, found = report
    words = "\n".join(found.lines())
    assert "; 2001-09-" in words
    assert "seconds" in words
    assert "assumed: satiation" in words
    fit = json.loads((folder / "fit.json").read_text())
    assert "how often people come" in fit["verdict"]["fitted"]
    assert fit["verdict"]["unidentified"] == []


def test_a_fitted_world_has_the_users_of_its_data_unless_told_otherwise(
    report: tuple[Path, Report], tmp_path: Path
) -> None:
    assert report[1].settings.population.n_users == 40
    path = ratings(tmp_path / "ratings.csv")
    assert calibrate(path, tmp_path / "world", n_users=70).settings.population.n_users == 70


def test_data_of_one_day_and_day_numbers_are_no_fit_unless_forced(tmp_path: Path) -> None:
    one_day, numbers = ratings(tmp_path / "one.csv", days=1), tmp_path / "numbers.csv"
    numbers.write_text(HEADER + "".join(f"{row % 40},{row * 7 % 41},5,{row % 100}\n" for row in range(900)))
    for path in (one_day, numbers):
        with pytest.raises(DataError, match="how often people come: 0 of them on another day, within 1 days"):
            calibrate(path, tmp_path / "world")
        assert not (tmp_path / "world").exists()
    forced = calibrate(one_day, tmp_path / "world", force=True)
    assert forced.verdict.word == "nothing to fit"
    assert "gaps between visits" in forced.verdict.unasked
    assert forced.settings.dynamics == {"kind": "repertoire"}


def test_positives_that_an_outlier_hides_are_no_fit(tmp_path: Path) -> None:
    path = ratings(tmp_path / "watched.csv", rating="0.7")
    path.write_text(path.read_text() + "".join(f"9{u},{i},99.0,1000000000\n" for u in range(2) for i in range(2)))
    with pytest.raises(DataError, match="tastes: 4 positives of 2 users and 2 items"):
        calibrate(path, tmp_path / "world")
    assert calibrate(path, tmp_path / "world", wanted=Wanted(min_rating=0.5)).verdict.word != "nothing to fit"


def history_of(n_users: int, n_items: int) -> History:
    user, item = (grid.ravel() for grid in np.meshgrid(np.arange(n_users), np.arange(n_items), indexing="ij"))
    people = np.arange(n_users)
    return History(user, item, user * 0, people, np.arange(n_items), people, people * 0)


def test_checks_that_failed_and_that_could_not_be_asked_are_named() -> None:
    history = history_of(30, 20)
    activity = Activity(np.full(30, 3), np.full(30, 20), np.full(30, 50))
    curve = np.ones(1)
    failed = [Check(f"check {i}", curve, curve, curve, curve, curve, 0.02) for i in range(5)]
    drawn = [*failed, replace(failed[0], name="check 5", p_value=None)]
    rates = Rates(1.0, 20.0, 1.0, 3.0)
    all_failed = judge(history, activity, rates, drawn, 600)
    assert all_failed.word == "does not fit"
    assert all_failed.lines()[0].startswith("verdict: does not fit; failed 5 of 5 checks: check 0, ")
    assert all_failed.unasked == ("check 5",)
    good = [replace(one, p_value=0.4) for one in failed]
    assert judge(history, activity, rates, good, 600).word == "fits"
    assert judge(history, activity, rates, [*good[:3], *failed[:1]], 600).word == "fits in part"
    at_border = judge(history, activity, replace(rates, leave_b=float(np.exp(7.0))), good, 600)
    assert any("leaving for good: the search ended at leave_b" in what for what in at_border.assumed)
    assert "leaving for good after a day active" not in at_border.fitted


def test_a_check_that_no_draw_could_fail_is_not_passed() -> None:
    history = history_of(6, 4)
    found = {one.name: one.p_value for one in check(history, [history] * 5, np.zeros(4, int), 1)}
    assert set(found.values()) == {None}


def test_a_fitted_world_leaves_as_fitted(report: tuple[Path, Report], tmp_path: Path) -> None:
    """After a day with a visit and never before one, with probability a / (a + b + days active before)."""
    settings = json.loads((report[0] / "world.json").read_text())
    settings["dynamics"] |= {"leave_a": 0.72, "leave_b": 0.57}
    (tmp_path / "world.json").write_text(json.dumps(settings))
    (tmp_path / "fitted.safetensors").write_bytes((report[0] / "fitted.safetensors").read_bytes())
    world = make_world(tmp_path, 0)
    state = world.start()
    assert np.array_equal(state["days_active"], world.people.days_before)
    assert (world.people.days_before > 0.0).any()
    came = np.zeros(world.n_users, bool)
    for day in range(200):
        users, _ = world.come(state, day)
        came[users] = True
        world.show(state, day, 0, users, randomness.distinct(world.n_items, 5, 1, users, day))
        hazard = np.asarray(world.dynamics.hazard(state))
        assert hazard[users] == pytest.approx(0.72 / (0.72 + 0.57 + state["days_active"][users]))
        assert np.count_nonzero(hazard) == len(users)
        world.night(state, day)
        assert state["alive"][~came].all()
    assert not state["alive"][came].all()


def test_of_many_users_so_many_leave_as_the_beta_law_says() -> None:
    """Everybody comes every day: the share left after k days is B(a, b + k) / B(a, b).

    Five days at 4 standard errors each: a false alarm in 3,000.
    """
    base, _ = read_world("tiny")
    people = PopulationSettings(n_users=20_000, rate_shape=50.0, rate_scale_days=1.0, n_personas=4, liked_topics=2.0)
    dynamics = {"kind": "repertoire", "leave_a": 1.0, "leave_b": 2.0, "max_rate": 100.0}
    world = World(replace(base, population=people, dynamics=dynamics), 0)
    state, expected = world.start(), 1.0
    for day in range(5):
        users, _ = world.come(state, day)
        world.show(state, day, 0, users, randomness.distinct(world.n_items, 3, 1, users, day))
        world.night(state, day)
        expected *= (2.0 + day) / (3.0 + day)
        assert abs(state["alive"].mean() - expected) < 4.0 * np.sqrt(expected * (1.0 - expected) / 20_000)


@pytest.mark.parametrize("word", ["1_000_000_000", "\u0661" + 9 * "\u0660", "1e9x"])
def test_a_stamp_that_only_python_reads_as_a_number_is_named(word):
    found = read_times(pa.array(["1000000000", "1000000001", word, "1000000002"]), "timestamp")
    assert isinstance(found, Misread)
    assert found.row == 2
