"""The static benchmark, on what can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from serendip.experiments.benchmark.data import read_events
from serendip.experiments.benchmark.metrics import hits_at, recall, recall_of_all, truncated_ndcg
from serendip.experiments.benchmark.ranking import Plan, run
from serendip.experiments.benchmark.splits import split
from serendip.experiments.benchmark.table import markdown, read_tests
from serendip.simulator.errors import DataError, SerendipError, SettingsError


def test_metrics_by_hand() -> None:
    scores = np.array([[9.0, 8.0, 7.0, 6.0, 5.0]])
    known = np.array([[True, False, False, False, False]])
    asked = np.array([[False, True, False, True, False]])
    hits = hits_at(scores, known, asked, 3)  # items 1, 2, 3
    assert hits.tolist() == [[True, False, True]]
    n = np.array([2.0])
    assert recall(hits, n, 1).tolist() == [1.0]  # one of min(1, 2)
    assert recall_of_all(hits, n, 1).tolist() == [0.5]
    assert np.isclose(truncated_ndcg(hits, n, 3)[0], (1.0 + 0.5) / (1.0 + 1.0 / np.log2(3.0)))


def test_ties_are_ranked_by_item() -> None:
    scores, none = np.zeros((1, 6)), np.zeros((1, 6), dtype=bool)
    asked = np.eye(6, dtype=bool)[[2]]
    assert hits_at(scores, none, asked, 4).tolist() == [[False, False, True, False]]


@pytest.mark.parametrize("n_items", [3, 40, 700])
@pytest.mark.parametrize("n_levels", [2, 30, 10**6])
def test_rankings_beside_a_sort(n_items: int, n_levels: int) -> None:
    rng = np.random.default_rng(n_items * n_levels)
    scores = rng.integers(n_levels, size=(20, n_items)).astype(np.float32)
    known, asked = rng.random(scores.shape) < 0.3, rng.random(scores.shape) < 0.3
    known[0] = True
    hits = hits_at(scores, known, asked, 10)
    for row in range(20):
        ranked = sorted(range(n_items), key=lambda item: (known[row, item], -scores[row, item], item))
        expected = [bool(asked[row, item] and not known[row, item]) for item in ranked[:10]]
        assert hits[row].tolist() == expected


def ratings(path: Path, n_users: int = 40, text_ids: bool = False) -> Path:
    rng = np.random.default_rng(0)
    rows = ["userId,movieId,rating,timestamp"]
    for user in range(n_users):
        liked = [item for item in range(24) if item % 2 == user % 2 and rng.random() < 0.8]
        for item in liked:
            rows.append(f"{'u' if text_ids else ''}{user},{item},{rng.choice([4.0, 5.0])},{rng.integers(100)}")
        rows.append(f"{'u' if text_ids else ''}{user},{(user + 1) % 24},1.0,3")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("protocol", ["strong", "weak", "last"])
def test_nothing_asked_was_learned(tmp_path: Path, protocol: str) -> None:
    events = read_events(ratings(tmp_path / "ratings.csv"))
    parts = split(events, protocol, 0)  # pyright: ignore[reportArgumentType]
    for part in (parts.validation, parts.test):
        assert part.known.multiply(part.asked).nnz == 0
        assert (np.diff(part.asked.indptr) > 0).all()
    if protocol == "strong":
        assert parts.train.shape[0] == 40 - 2 * 4
    else:
        assert parts.train.nnz + parts.validation.asked.nnz + parts.test.asked.nnz == len(events.users)
        assert parts.train.multiply(parts.test.asked).nnz == 0  # every user is asked something, so rows agree
    if protocol == "last":
        for user in range(5):
            own = events.users == user
            assert (
                parts.test.asked[[user]].indices[0] in events.items[own][events.times[own] == events.times[own].max()]
            )


def test_low_ratings_and_repeats_do_not_count(tmp_path: Path) -> None:
    file = ratings(tmp_path / "ratings.csv")
    once = read_events(file)
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines, *lines[1:]]) + "\n", encoding="utf-8")
    twice = read_events(file)
    assert len(once.users) == len(twice.users)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("userId,movieId,rating\n1,1,0.0\n", "no rating is above 0"),
        ("userId,rating\n1,2.0\n", "no column for the item"),
        ("userId,movieId,rating\n1,1,good\n", "line 2"),
        ("userId,movieId,rating\n" + "".join(f"1,{i},5\n" for i in range(9)), "fewer than two users"),
    ],
)
def test_bad_data_fails_with_a_sentence(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=match):
        read_events(tmp_path / "r.csv")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_events(tmp_path / "none.csv")


def test_a_second_call_resumes_and_another_plan_is_refused(tmp_path: Path) -> None:
    file = ratings(tmp_path / "ratings.csv", text_ids=True)
    plan, out, said = Plan(str(file), trials=2), tmp_path / "out", list[str]()
    run(plan, ("popularity", "ease"), out, said.append)
    tests = read_tests(out)
    assert tests["ease"][1]["ndcg@100"].mean() > tests["popularity"][1]["ndcg@100"].mean()
    assert markdown(tests).startswith("| model |")
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*.*")}
    said.clear()
    steps = list[tuple[str, int, int]]()
    run(plan, ("popularity", "ease"), out, said.append, lambda *step: steps.append(step))
    assert len(said) == 4  # what was read, the summary of the data, and no trial
    assert steps[-1] == ("ease, test", 4, 5)
    assert before == {file: file.stat().st_mtime_ns for file in out.rglob("*.*")}
    with pytest.raises(SettingsError, match="trials"):
        run(Plan(str(file), trials=3), ("ease",), out, said.append)


def test_an_unknown_model_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SerendipError, match="unknown model"):
        run(Plan(str(tmp_path / "none.csv")), ("magic",), tmp_path / "out")
