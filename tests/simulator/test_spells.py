"""What is hidden from whom is kept by spells, and read back slate by slate."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from serendip.simulator.interface import Visits
from serendip.simulator.logs.spells import HidingRecorder


def history(seed: int, n_users: int, n_items: int, n_slates: int, stays: float) -> list[Visits]:
    """Return slates of random users, what is hidden from a user staying so with probability `stays`."""
    rng, names = np.random.default_rng(seed), np.random.default_rng(seed).permutation(n_users * 5)[:n_users] - n_users
    hidden = rng.random((n_users, n_items)) < 0.4
    seen = list[Visits]()
    for slate in range(n_slates):
        here = rng.permutation(n_users)[: rng.integers(1, n_users + 1)]
        hidden = np.where(rng.random(hidden.shape) < stays, hidden, rng.random(hidden.shape) < 0.4)
        available = np.ones(n_items, dtype=bool) if rng.random() < 0.1 else ~hidden[here]
        seen.append(Visits(names[here], slate // 3, np.full(len(here), slate % 3, np.int32), available))
    return seen


@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 6), st.sampled_from([0.0, 0.7, 1.0]))
@settings(max_examples=60, deadline=None)
def test_every_slate_is_read_back_as_it_was(seed: int, n_users: int, n_items: int, stays: float) -> None:
    seen, recorder = history(seed, n_users, n_items, 15, stays), HidingRecorder()
    for visits in seen:
        recorder.note(visits)
    spells = recorder.spells()
    for visits in seen:
        bare = Visits(visits.user_ids, visits.day, visits.visit, np.ones(n_items, dtype=bool))
        found = bare if spells is None else spells.left_to(bare)
        expected = np.broadcast_to(visits.available, (len(visits), n_items))
        assert np.array_equal(np.broadcast_to(found.available, expected.shape), expected)
    if spells is not None:
        assert (np.diff(spells.user) >= 0).all()
        assert (spells.first <= spells.last).all()


def test_what_stays_hidden_takes_one_row_however_many_slates_there_are() -> None:
    hidden = np.random.default_rng(0).random((5, 30)) < 0.5
    for n_slates in (1, 10, 200):
        recorder = HidingRecorder()
        for slate in range(n_slates):
            recorder.note(Visits(np.arange(5), slate, np.zeros(5, np.int32), ~hidden))
        spells = recorder.spells()
        assert spells is not None
        assert len(spells) == hidden.sum()
