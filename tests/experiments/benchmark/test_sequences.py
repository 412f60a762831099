"""Splits keep the order of clicks, and models of the next click are benchmarked where there is one."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from serendip.agents.models.next_click.sequences import clicks_in_order
from serendip.experiments.benchmark.data import Events, read_events
from serendip.experiments.benchmark.ranking import Plan, run
from serendip.experiments.benchmark.splits import split
from serendip.experiments.benchmark.table import as_json, best_baseline, markdown, read_tests
from serendip.simulator.errors import SettingsError

N_ITEMS = 11


def rounds(path: Path, n_users: int = 33, shuffled: bool = False) -> Path:
    """Everyone clicks 7 items in steps of 3 round the catalogue; lines of users are interleaved, each in time order."""
    rows = [(f"u{user}", f"i{(user + 3 * step) % N_ITEMS}", step) for step in range(7) for user in range(n_users)]
    if shuffled:
        rows = [rows[at] for at in np.random.default_rng(0).permutation(len(rows))]
        text = "user,item,timestamp\n" + "".join(f"{user},{item},{step}\n" for user, item, step in rows)
        path = path.with_suffix(".csv")
    else:
        text = "".join(f"{user} {item}\n" for user, item, _ in rows)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("shuffled", [False, True])
def test_histories_are_in_time_order(tmp_path: Path, shuffled: bool) -> None:
    events = read_events(rounds(tmp_path / "clicks.txt", shuffled=shuffled))
    parts = split(events, "last", 0)
    follow = _followers(events)
    for rows, length in ((parts.train, 5), (parts.validation.known, 5), (parts.test.known, 6)):
        items, starts = clicks_in_order(rows)
        assert (np.diff(starts) == length).all()
        for start, stop in itertools.pairwise(starts):
            assert set(itertools.pairwise(items[start:stop].tolist())) <= follow
    known, starts = clicks_in_order(parts.test.known)
    asked, _ = clicks_in_order(parts.test.asked)
    assert set(zip(known[starts[1:] - 1].tolist(), asked.tolist(), strict=True)) <= follow


def _followers(events: Events) -> set[tuple[int, int]]:
    """Return all pairs of items that follow each other, read off the events one by one."""
    found = set[tuple[int, int]]()
    for user in np.unique(events.users):
        own = events.users == user
        by_time = sorted(zip(events.times[own], events.items[own].tolist(), strict=True))
        found |= set(itertools.pairwise(item for _, item in by_time))
    assert len(found) == N_ITEMS  # one follower each: the order is a circle
    return found


def test_the_chain_finds_the_next_click(tmp_path: Path) -> None:
    plan = Plan(str(rounds(tmp_path / "clicks.txt")), protocol="last", trials=1)
    run(plan, ("popularity", "markov-chain"), tmp_path / "out", lambda line: None)
    tests = read_tests(tmp_path / "out")
    assert tests["markov-chain"][1]["ndcg@100"].min() == 1.0
    assert tests["popularity"][1]["ndcg@100"].mean() < 1.0
    assert tests["markov-chain"][0]["peak_mb"] < 200.0
    values = as_json(tests, {})
    assert next(iter(values["models"])) == "markov-chain"
    assert best_baseline(tests) == "markov-chain"
    assert values["models"]["markov-chain"]["paired"] == {"mean": 0.0, "error": 0.0}
    assert values["models"]["popularity"]["paired"]["mean"] < 0.0
    assert "few (6-6 clicks, 33 users)" in markdown(tests)


def test_without_an_order_they_are_left_out_or_refused(tmp_path: Path) -> None:
    scipy.sparse.save_npz(tmp_path / "clicks.npz", scipy.sparse.csr_array(np.ones((20, 6))))
    plan = Plan(str(tmp_path / "clicks.npz"), trials=1)
    with pytest.raises(SettingsError, match=r"gru: .* order in time"):
        run(plan, ("popularity", "gru"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
