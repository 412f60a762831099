"""Counter-based random numbers: known bits, the same on NumPy and torch, uniform, and one row per word."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from serendip.simulator import randomness

ALARM = 1e-6  # chance that a statistical test here fails although nothing is wrong


def test_bits_are_those_written_down() -> None:
    assert randomness.bits(0, 1) == -2152535657050944081  # the first output of SplitMix64 seeded with 0
    assert randomness.derive(0, "click") == randomness.derive(0, "click")
    golden = randomness.bits(7, np.array([0, 1, 2]), 5)
    assert golden.tolist() == [randomness.bits(7, user, 5) for user in (0, 1, 2)]


def test_the_first_numbers_of_splitmix64_seeded_with_1234567() -> None:
    """Vigna's splitmix64.c: the first outputs of the generator that `bits` takes its finaliser from."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [randomness.bits(1234567, i) & ((1 << 64) - 1) for i in (1, 2, 3, 4)] == published


def test_numpy_and_torch_give_the_same_bits() -> None:
    users = np.arange(100_000, dtype=np.int64) * 1_000_003 - 7
    for key in (0, -1, 1 << 62, randomness.derive(3, "click")):
        ours = randomness.bits(key, users, 11, users + 2)
        theirs = randomness.bits(key, torch.from_numpy(users), 11, torch.from_numpy(users + 2))
        assert theirs.dtype == torch.int64
        assert np.array_equal(ours, theirs.numpy())
        assert np.array_equal(randomness.uniform(key, users), randomness.uniform(key, torch.from_numpy(users)).numpy())
        counts = randomness.poisson(2.0, key, users), randomness.poisson(2.0, key, torch.from_numpy(users)).numpy()
        assert np.array_equal(*counts)


def test_arrays_and_numbers_agree() -> None:
    users = np.array([0, 5, -3, 1 << 40])
    assert randomness.uniform(9, users, 4).tolist() == [randomness.uniform(9, int(u), 4) for u in users]
    assert randomness.normal(9, users).tolist() == pytest.approx([randomness.normal(9, int(u)) for u in users])


def test_uniforms_are_uniform_in_every_word() -> None:
    n, n_cells = 200_000, 256
    for words in ((np.arange(n),), (3, np.arange(n)), (np.arange(n), 3), (np.arange(n) // 400, np.arange(n) % 400)):
        u = randomness.uniform(randomness.derive(1, "test"), *words)
        assert u.min() >= 0.0
        assert u.max() < 1.0
        counts = np.bincount((u * n_cells).astype(int), minlength=n_cells)
        assert stats.chisquare(counts).pvalue > ALARM / 4


def test_neighbouring_words_are_uncorrelated() -> None:
    users = np.arange(200_000)
    u = randomness.uniform(5, users, 0)
    for other in (
        randomness.uniform(5, users, 1),
        randomness.uniform(5, users + 1, 0),
        randomness.uniform(6, users, 0),
    ):
        z = np.sqrt(len(users)) * np.corrcoef(u, other)[0, 1]
        assert abs(z) < stats.norm.isf(ALARM / 6)


def test_streams_with_different_names_differ() -> None:
    keys = {randomness.derive(0, *names) for names in (("a", "b"), ("ab",), ("b", "a"), ("a",), ())}
    assert len(keys) == 5


def test_distinct_gives_every_ordered_choice_equally_often() -> None:
    drawn = randomness.distinct(4, 2, 8, np.arange(120_000))
    assert (drawn[:, 0] != drawn[:, 1]).all()
    counts = np.bincount(drawn[:, 0] * 4 + drawn[:, 1], minlength=16)
    assert stats.chisquare(counts[counts > 0]).pvalue > ALARM
    assert (counts > 0).sum() == 12


def test_normals_and_poissons_have_their_distributions() -> None:
    words = np.arange(100_000)
    assert stats.kstest(randomness.normal(2, words), "norm").pvalue > ALARM / 2
    counts = np.bincount(randomness.poisson(2.0, 3, words), minlength=12)
    expected = stats.poisson.pmf(np.arange(8), 2.0) * len(words)
    assert stats.chisquare([*counts[:8], counts[8:].sum()], [*expected, len(words) - expected.sum()]).pvalue > ALARM / 2


def test_a_rate_that_cannot_be_inverted_is_refused() -> None:
    with pytest.raises(ValueError, match="must be in"):
        randomness.poisson(-1.0, 0, np.arange(3))
