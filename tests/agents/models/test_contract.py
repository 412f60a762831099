"""What every registered model must do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

from serendip.agents.models import MODELS, build
from serendip.agents.models.model import Interactions, Model, in_order
from serendip.simulator.errors import SerendipError
from serendip.simulator.settings_json import settings_from_json, settings_to_json


def checkerboard(n_users: int = 24, n_items: int = 12) -> Any:
    """Users like the items of their own parity, all but one: item `u % n_items` of user u is withheld.

    Each clicked them one after the other, so that the withheld one would be the next.
    """
    users, steps = np.divmod(np.arange(n_users * (n_items // 2 - 1)), n_items // 2 - 1)
    return in_order(users, (users + 2 * (steps + 1)) % n_items, (n_users, n_items))


def small(name: str) -> dict[str, Any]:
    """Small enough to be quick, trained enough for a board that can be seen by eye."""
    return dict(MODELS.card(name).small)


def fitted(name: str, clicks: Any = None, **changes: Any) -> Model:
    model = build(name, small(name) | changes)
    model.fit(Interactions(checkerboard() if clicks is None else clicks))
    return model


def briefly(name: str, clicks: Any = None) -> Model:
    """A model that has seen its data, and need not have understood them."""
    return fitted(name, clicks, **({"epochs": 2} if "epochs" in small(name) else {}))


@pytest.fixture(scope="module", params=[*MODELS, "toy-model"])
def name(request: pytest.FixtureRequest, toys: None) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(name: str) -> Model:
    return fitted(name)


def test_recovers_the_withheld_cell(name: str, model: Model) -> None:
    if name == "popularity":
        pytest.skip("popularity knows no one's taste")
    clicks = checkerboard()
    scores = model.scores(clicks).astype(np.float64)
    scores[clicks.toarray() > 0] = -np.inf
    users = np.arange(len(scores))
    assert np.array_equal(scores.argmax(axis=1) % 2, users % 2)


def test_scores_are_singles_of_the_right_shape(model: Model) -> None:
    scores = model.scores(checkerboard()[:5])
    assert scores.shape == (5, 12)
    assert scores.dtype == np.float32
    assert model.scores(checkerboard()[:0]).shape == (0, 12)


def test_a_row_does_not_depend_on_the_others(model: Model) -> None:
    clicks = checkerboard(150)
    whole = model.scores(clicks)
    assert np.array_equal(whole[:3], model.scores(clicks[:3]))
    assert np.array_equal(whole[[140, 7]], model.scores(clicks[[140, 7]]))


def test_same_seed_same_bytes(name: str) -> None:
    again = briefly(name).arrays()
    for key, value in briefly(name).arrays().items():
        assert np.array_equal(value, again[key]), key


def test_restore_is_bit_exact(name: str, model: Model) -> None:
    other = build(name, small(name))
    other.restore({key: value.copy() for key, value in model.arrays().items()})
    assert np.array_equal(model.scores(checkerboard()), other.scores(checkerboard()))
    more = Interactions(checkerboard(30))
    one, two = build(name, small(name)), build(name, small(name))
    one.restore({key: value.copy() for key, value in model.arrays().items()})
    two.restore({key: value.copy() for key, value in model.arrays().items()})
    one.fit(more)
    two.fit(more)
    assert np.array_equal(one.scores(checkerboard()), two.scores(checkerboard()))


def test_fit_does_not_change_its_data(name: str) -> None:
    clicks = checkerboard()
    before = clicks.copy()
    briefly(name, clicks)
    assert np.array_equal(before.toarray(), clicks.toarray())


def test_odd_histories_score_finitely(model: Model) -> None:
    odd = np.zeros((3, 12), dtype=np.float32)
    odd[1] = 1.0  # someone who clicked everything
    odd[2, 5] = 7.0
    assert np.isfinite(model.scores(scipy.sparse.csr_array(odd))).all()


def test_items_and_users_without_clicks(name: str) -> None:
    clicks = checkerboard().toarray()
    clicks[:, 4] = 0.0
    clicks[3] = 0.0
    assert np.isfinite(briefly(name, scipy.sparse.csr_array(clicks)).scores(checkerboard())).all()


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_other_types_of_numbers_are_taken(name: str, dtype: Any) -> None:
    clicks = checkerboard()
    clicks.data = clicks.data.astype(dtype)  # SciPy's `astype` would forget the order
    assert np.allclose(briefly(name, clicks).scores(clicks[:4]), briefly(name).scores(checkerboard()[:4]), atol=1e-5)


NOBODY = {"no clicks": np.zeros((6, 12)), "no users": np.zeros((0, 12)), "one user": np.eye(1, 12),
          "one item": np.ones((5, 1)), "everything": np.ones((6, 12))}  # fmt: skip


@pytest.mark.parametrize("case", NOBODY)
def test_poor_data_break_nothing(name: str, case: str) -> None:
    clicks = scipy.sparse.csr_array(NOBODY[case].astype(np.float32))
    assert np.isfinite(
        briefly(name, clicks).scores(scipy.sparse.csr_array(np.eye(3, clicks.shape[1], dtype=np.float32)))
    ).all()


def test_pairs_that_stand_twice_count_twice_or_once(name: str) -> None:
    """A repeated pair is the pair with a weight of two, unless order is what counts."""
    once = checkerboard()
    rows, columns = np.repeat(np.arange(24), np.diff(once.indptr)), once.indices
    if MODELS.card(name).sequential:
        assert np.isfinite(
            briefly(name, in_order(np.repeat(rows, 2), np.repeat(columns, 2), (24, 12))).scores(once)
        ).all()
        return
    twice = scipy.sparse.coo_array((np.ones(2 * len(rows), dtype=np.float32),
                                    (np.tile(rows, 2), np.tile(columns, 2))), shape=(24, 12))  # fmt: skip
    summed = scipy.sparse.csr_array(2.0 * once.toarray())
    assert np.array_equal(briefly(name, twice).scores(once), briefly(name, summed).scores(once))


def test_how_a_history_is_stored_changes_nothing(name: str, model: Model) -> None:
    """Stored zeros, a click in two halves, and columns first are the same history."""
    if MODELS.card(name).sequential:
        pytest.skip("the order of a sequential history is its content")
    dense = np.zeros((1, 12), dtype=np.float32)
    dense[0, [1, 4]] = 1.0
    right = model.scores(scipy.sparse.csr_array(dense))
    zeros = (np.array([1, 1, 0, 0, 0], dtype=np.float32), np.array([1, 4, 5, 6, 8]), np.array([0, 5]))
    halves = (np.full(4, 0.5, dtype=np.float32), np.array([4, 1, 1, 4]), np.array([0, 4]))
    for stored in (zeros, halves):
        assert np.array_equal(model.scores(scipy.sparse.csr_array(stored, shape=(1, 12))), right)
    assert np.array_equal(model.scores(scipy.sparse.csc_array(dense)), right)


def test_what_nobody_was_shown_is_neither_liked_nor_disliked(name: str) -> None:
    """Under a likelihood of exposed items, the last bias of an item that nobody saw stays as it was drawn."""
    if not hasattr(MODELS.card(name).settings, "exposed_only"):
        pytest.skip("exposures are not used")
    clicks = checkerboard().toarray()
    clicks[:, 5] = 0.0
    shown = np.ones_like(clicks)
    shown[:, 5] = 0.0
    biases = list[Any]()
    for epochs in (0, 10):
        model = build(name, small(name) | {"epochs": epochs, "exposed_only": True})
        model.fit(Interactions(scipy.sparse.csr_array(clicks), scipy.sparse.csr_array(shown)))
        arrays = model.arrays()
        biases.append(arrays[max(key for key in arrays if key.startswith("decoder.b"))])
    assert biases[0][5] == biases[1][5]
    assert (biases[0] != biases[1])[[0, 1, 2, 3, 4]].all()


def test_another_catalogue_is_refused(model: Model) -> None:
    with pytest.raises(SerendipError, match="12"):
        model.scores(scipy.sparse.csr_array(np.ones((1, 7), dtype=np.float32)))


def test_scoring_before_learning_is_refused(name: str) -> None:
    with pytest.raises(SerendipError, match="fit"):
        build(name).scores(checkerboard())


def test_settings_travel_as_json(name: str) -> None:
    found = MODELS.card(name)
    drawn = found.draw(np.random.default_rng(0))
    assert settings_from_json(type(drawn), settings_to_json(drawn), name) == drawn
    assert found.summary
    with pytest.raises(SerendipError, match="known settings"):
        build(name, {"no_such": 1})


def test_an_unknown_model_lists_the_known() -> None:
    with pytest.raises(SerendipError, match="ease"):
        build("no-such-model")
