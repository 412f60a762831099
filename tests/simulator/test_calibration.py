"""A world from ratings: what is read, what is fitted, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from serendip.simulator import randomness
from serendip.simulator.calibration import calibrate
from serendip.simulator.calibration.checks import gini
from serendip.simulator.calibration.factors import FactorSettings, cluster, factorise
from serendip.simulator.calibration.rates import Rates, activity_of, draw_days, fit_rates
from serendip.simulator.calibration.reading import read_dated
from serendip.simulator.calibration.replicas import History
from serendip.simulator.calibration.utilities import fit_utilities
from serendip.simulator.errors import DataError
from serendip.simulator.fitted import Fitted
from serendip.simulator.reading import Wanted
from serendip.simulator.world import make_world

HEADER = "userId,movieId,rating,timestamp\n"
DAY = 86_400


def checkerboard(path: Path, n_users: int = 60, n_items: int = 40) -> Path:
    """Write ratings in which even users like even items and odd users odd ones."""
    rng = randomness.generator(0, "checkerboard")
    rows = list[str]()
    for user in range(n_users):
        day = int(rng.integers(200))
        for item in rng.permutation(n_items)[: n_items // 2]:
            day += int(rng.integers(2))
            rating = 5.0 if (user + item) % 2 == 0 else 1.0
            rows.append(f"u{user},i{item},{rating},{1_000_000_000 + day * DAY + int(rng.integers(DAY // 2))}")
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibration")
    calibrate(checkerboard(folder / "ratings.csv"), folder / "world")
    return folder / "world"


def test_the_checkerboard_is_found(world_folder: Path) -> None:
    fitted = Fitted.load(world_folder / "fitted.safetensors")
    names = np.unique([f"i{i}" for i in range(40)])
    parity = np.array([int(name[1:]) % 2 for name in names])
    users = np.array([int(name[1:]) % 2 for name in np.unique([f"u{u}" for u in range(60)])])
    utility = fitted.taste @ fitted.factors.T + fitted.quality
    same = users[:, None] == parity
    assert utility[same].mean() > utility[~same].mean() + 3.0  # items not seen yet count a little as not liked


def test_the_world_of_the_file_runs(world_folder: Path) -> None:
    world = make_world(world_folder, 0)
    state = world.start()
    users, _ = world.come(state, 0)
    items = randomness.distinct(world.n_items, world.settings.slate_size, 1, users)
    assert world.show(state, 0, 0, users, items).shape == items.shape
    world.night(state, 0)
    fit = json.loads((world_folder / "fit.json").read_text())
    assert {"item popularity", "item Gini", "days active", "gaps between visits", "topic breadth"} <= set(fit["checks"])


def test_the_same_file_and_seed_give_the_same_bytes(world_folder: Path, tmp_path: Path) -> None:
    calibrate(checkerboard(tmp_path / "ratings.csv"), tmp_path / "world")
    for name in ("world.json", "fitted.safetensors", "fit.json"):
        assert (tmp_path / "world" / name).read_bytes() == (world_folder / name).read_bytes()


def test_rates_come_back_from_their_own_draws() -> None:
    """5,000 people watched for two years: each parameter within 15% of the truth (3 standard errors are about 12%)."""
    truth = Rates(shape=1.2, scale_days=12.0, leave_a=1.0, leave_b=4.0)
    rng = randomness.generator(2, "people")
    user, day = draw_days(truth, np.full(5_000, 730), rng)
    activity = activity_of(np.append(user, 0), np.append(day, 0), 5_000)
    activity = type(activity)(activity.repeats, activity.recency, np.full(5_000, 730))
    found = fit_rates(activity)
    assert found.shape == pytest.approx(truth.shape, rel=0.15)
    assert found.scale_days == pytest.approx(truth.scale_days, rel=0.15)
    assert found.leave_a / (found.leave_a + found.leave_b) == pytest.approx(0.2, rel=0.15)


def test_activity_counts_days_and_not_rows() -> None:
    user, day = np.array([0, 0, 0, 1, 1]), np.array([3, 3, 7, 1, 10])
    activity = activity_of(user, day, 2)
    assert activity.repeats.tolist() == [1, 1]
    assert activity.recency.tolist() == [4, 9]
    assert activity.watched.tolist() == [7, 9]


def test_the_fast_factorisation_solves_the_least_squares_of_every_user() -> None:
    rng = randomness.generator(0, "likes")
    user, item = np.nonzero(rng.random((30, 24)) < 0.4)
    history = History(user, item, np.zeros_like(user), np.arange(30), np.arange(24), user[:0], user[:0])
    likes, settings = history.likes(), FactorSettings(n_factors=3)
    users, items = factorise(likes, settings, 0)
    dense = likes.toarray()
    for u in range(30):
        weight = np.where(dense[u] > 0, 1.0, settings.unseen_weight)
        ridge = settings.penalty * weight.sum() * np.eye(3)
        slow = np.linalg.solve(items.T @ (weight[:, None] * items) + ridge, items.T @ (weight * dense[u]))
        assert users[u] == pytest.approx(slow, abs=1e-9)


def test_utilities_make_expectation_and_data_agree() -> None:
    """Item by item, topic by topic and in the level of histories; who chooses by them likes what was liked as often."""
    rng = randomness.generator(0, "likes")
    appeal = rng.normal(0.0, 1.0, 24)
    user, item = np.nonzero(rng.random((300, 24)) < 1.0 / (1.0 + np.exp(1.0 - appeal)))
    topic = np.arange(24) % 4
    history = History(user, item, np.zeros_like(user), np.arange(300), np.arange(24), user[:0], user[:0])
    likes, settings = history.likes(), FactorSettings(n_factors=3)
    users, items = factorise(likes, settings, 0)
    fit = fit_utilities(likes, users, items, topic, 4, settings, 0)
    utility = fit.taste @ fit.factors.T + fit.quality
    dense = likes.toarray()
    assert (utility * dense).sum(axis=1) / dense.sum(axis=1) == pytest.approx(np.ones(300))
    noisy = utility + rng.gumbel(size=(200, *utility.shape))
    rank = np.argsort(np.argsort(-noisy, axis=2), axis=2)
    drawn = (rank < dense.sum(axis=1)[None, :, None]).mean(axis=0)
    popularity = dense.sum(axis=0)
    shrunk = popularity.mean() + np.sqrt(1.0 - popularity.mean() / popularity.var()) * (popularity - popularity.mean())
    assert drawn.sum(axis=0) == pytest.approx(shrunk, rel=0.06)
    by_topic = (drawn.sum(axis=0).reshape(6, 4).sum(axis=0), dense.sum(axis=0).reshape(6, 4).sum(axis=0))
    assert by_topic[0] == pytest.approx(by_topic[1], rel=0.02)


def test_topics_are_the_clusters_that_are_there() -> None:
    centres = np.eye(3)[np.repeat([0, 1, 2], 20)]
    items = centres + randomness.generator(0, "noise").normal(0.0, 0.02, centres.shape)
    topic, n_topics = cluster(items, FactorSettings(n_topics=3), 0)
    assert n_topics == 3
    assert len({tuple(topic[start : start + 20]) for start in (0, 20, 40)}) == 3
    assert all(len(set(topic[start : start + 20])) == 1 for start in (0, 20, 40))


def test_gini_by_hand() -> None:
    assert gini(np.array([1.0, 1.0, 1.0, 1.0])) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 4.0])) == pytest.approx(0.75)
    assert gini(np.array([1.0, 3.0])) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "empty"),
        (HEADER, "no rows"),
        ("userId,movieId,rating\n1,2,3\n", "timestamp"),
        ("who,what,rating,timestamp\n1,2,3,4\n", "--columns user=COLUMN"),
        (HEADER + "1,2,4.0,100\n1,3,good,100\n", "line 3: rating is 'good'"),
        (HEADER + "1,2,4.0,yesterday\n", "line 2: timestamp is 'yesterday'"),
        (HEADER + "1,2,nan,100\n", "line 2: rating is 'nan'"),
        (HEADER + "1,,4.0,100\n", "line 2: movieId is empty"),
        (HEADER + "1,2,4.0\n", "line 2: 3 cells"),
        (HEADER + "1,2,4.0,100\n", "1 users and 1 items"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        calibrate(path, tmp_path / "world")
    assert named in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "world").exists()


def test_a_file_that_is_not_there_and_a_folder_that_is_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        calibrate(tmp_path / "nothing.csv", tmp_path / "world")
    path = checkerboard(tmp_path / "ratings.csv")
    with pytest.raises(DataError, match="is a file"):
        calibrate(path, path)


def test_columns_can_have_other_names_and_no_rating(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("when,song,listener\n1000000000000,a,x\n1000086400000,b,x\n1000000000000,a,y\n")
    data = read_dated(path, Wanted({"user": "listener", "item": "song", "time": "when"}))
    assert data.liked.all()
    assert data.threshold is None
    assert data.user_names[data.user].tolist() == ["x", "x", "y"]
    assert data.day.tolist() == [0, 1, 0]


def test_movielens(data_folder: Path, tmp_path: Path) -> None:
    calibrate(data_folder / "ml-latest-small" / "ratings.csv", tmp_path / "world")
    fit = json.loads((tmp_path / "world" / "fit.json").read_text())
    assert fit["data"]["users_kept"] == 670
    assert fit["checks"]["item Gini"]["data"][0] == pytest.approx(0.506, abs=0.001)
    assert {name: check["p_value"] for name, check in fit["checks"].items() if check["p_value"] <= 0.05} == {}
    world = make_world(tmp_path / "world", 0)
    assert np.isfinite(np.asarray(world.people.base_rate)).all()
    assert np.median(world.people.base_rate) < 0.05


def test_users_who_liked_everything_have_finite_tastes() -> None:
    """No time is long enough for as many likes as there are items, and Newton's steps would go on for ever."""
    rng = np.random.default_rng(0)
    likes = np.ones((12, 20))
    likes[6:] = rng.random((6, 20)) < 0.4
    users, items = rng.normal(size=(12, 3)), rng.normal(size=(20, 3))
    topic = np.arange(20) % 4
    found = fit_utilities(sparse.csr_matrix(likes), users, items, topic, 4, FactorSettings(), seed=0)
    assert np.isfinite(found.taste).all()
    assert np.isfinite(found.quality).all()
