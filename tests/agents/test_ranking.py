import numpy as np
import pytest

from serendip.agents.models.model import level_rows
from serendip.agents.serving.ranking import top_slates
from serendip.simulator import randomness
from serendip.simulator.errors import SerendipError, SettingsError


def slow(scores, available, length, users, key):
    """Sort every row whole."""
    pool = np.flatnonzero(available)
    rows = []
    for user, row in zip(users.tolist(), scores, strict=True):
        luck = [randomness.bits(key, user, int(i)) for i in pool]
        rows.append([pool[j] for j in sorted(range(len(pool)), key=lambda j: (-row[pool[j]], luck[j]))[:length]])
    return np.array(rows)


@pytest.mark.parametrize(("n_items", "block_above"), [(40, 4096), (40, 10), (47, 10)])
@pytest.mark.parametrize("levels", [1, 3, 1000])
def test_agrees_with_a_full_sort(monkeypatch, n_items, block_above, levels):
    monkeypatch.setattr("serendip.agents.serving.ranking._BLOCK_ABOVE", block_above)
    rng = np.random.default_rng(levels)
    scores = (rng.integers(levels, size=(30, n_items)) / 7).astype(np.float32)
    available = rng.random(n_items) < 0.7
    users = rng.integers(-(2**62), 2**62, size=30)
    got = top_slates(scores, available, 5, users, 11)
    np.testing.assert_array_equal(got, slow(scores, available, 5, users, 11))


def test_as_many_slots_as_items():
    scores = np.array([[1, 3, 2]], dtype=np.float32)
    got = top_slates(scores, np.ones(3, dtype=bool), 3, np.array([0]), 0)
    np.testing.assert_array_equal(got, [[1, 2, 0]])


def test_few_available_items_in_few_blocks(monkeypatch):
    monkeypatch.setattr("serendip.agents.serving.ranking._BLOCK_ABOVE", 10)
    scores = np.arange(40, dtype=np.float32)[None, ::-1] * np.ones((3, 1), np.float32)
    available = np.isin(np.arange(40), [0, 1, 2, 3, 4, 39])
    got = top_slates(scores, available, 5, np.arange(3), 0)
    np.testing.assert_array_equal(got, np.tile([0, 1, 2, 3, 4], (3, 1)))


def test_ties_favour_no_item():
    """Over 2,000 users each of 10 tied items comes first 200 times; chi-square(9) passes 33.7 once in 10,000."""
    top = top_slates(np.zeros((2000, 10), np.float32), np.ones(10, dtype=bool), 1, np.arange(2000), 5)
    counts = np.bincount(top[:, 0], minlength=10)
    assert ((counts - 200) ** 2 / 200).sum() < 33.7


def test_bad_scores_and_short_catalogues_are_errors():
    with pytest.raises(SettingsError, match="1 are available"):
        top_slates(np.zeros((1, 2), np.float32), np.array([True, False]), 2, np.array([0]), 0)
    with pytest.raises(SerendipError, match="not a finite number"):
        top_slates(np.full((1, 2), np.nan, np.float32), np.ones(2, dtype=bool), 1, np.array([0]), 0)


def test_a_row_of_a_product_is_the_same_wherever_it_stands():
    """In blocks of as many rows as are said to be safe with the linear algebra that is at work here."""
    rng = np.random.default_rng(3)
    for n_terms, n_columns in ((16, 64), (60, 1024), (200, 300)):
        row = rng.standard_normal((1, n_terms), dtype=np.float32)
        matrix = rng.standard_normal((n_terms, n_columns), dtype=np.float32)
        for n_rows in (64, 256):
            product = np.tile(row, (level_rows(n_rows), 1)) @ matrix
            np.testing.assert_array_equal(product, np.broadcast_to(product[0], product.shape))
