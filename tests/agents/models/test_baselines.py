"""The baselines beside slow, dense references written from their papers, and on a matrix small enough for paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from numpy.typing import NDArray

from serendip.agents.models.ease import Ease, EaseSettings
from serendip.agents.models.model import Interactions, Model, csr
from serendip.agents.models.neighbours import (
    ItemNeighbours,
    NeighbourSettings,
    UserNeighbours,
    UserNeighbourSettings,
)
from serendip.agents.models.popularity import Popularity
from serendip.agents.models.pure_svd import PureSvd, PureSvdSettings
from serendip.agents.models.slim import Slim, SlimSettings
from serendip.agents.models.walks import Walk, WalkSettings
from serendip.experiments.benchmark.data import read_events
from serendip.simulator.errors import SettingsError

Matrix = NDArray[Any]
MEASURES = ("cosine", "asymmetric", "jaccard", "dice", "tversky", "product")
HAND = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1], [0, 1, 0]], dtype=np.float64)  # items' clicks 3, 3, 2


def random_clicks(n_users: int = 60, n_items: int = 25) -> Matrix:
    rng = np.random.default_rng(3)
    likes = rng.random((n_users, 4)) @ rng.random((4, n_items))
    return (rng.random((n_users, n_items)) < likes / 4.0).astype(np.float64)


def movielens(folder: Path) -> Matrix:
    """The clicks of 200 users of MovieLens small on the 400 items that they clicked most."""
    events = read_events(folder / "ml-latest-small" / "ratings.csv")
    clicks = scipy.sparse.csr_array((np.ones(len(events.users)), (events.users, events.items)))[:200].toarray()
    return clicks[:, np.sort(np.argsort(-clicks.sum(axis=0), kind="stable")[:400])]


def gowalla(folder: Path) -> Matrix:
    """The check-ins of 400 users of Gowalla on the 400 places where most of them went."""
    events = read_events(folder / "gowalla")
    clicks = scipy.sparse.csr_array((np.ones(len(events.users)), (events.users, events.items)))[:400]
    most = np.sort(np.argsort(-np.asarray(clicks.sum(axis=0)).ravel(), kind="stable")[:400])
    return clicks.tocsc()[:, most].toarray()


@pytest.fixture(scope="module", params=["made", "movielens", "gowalla"])
def x(request: pytest.FixtureRequest) -> Matrix:
    if request.param == "made":
        return random_clicks()
    return {"movielens": movielens, "gowalla": gowalla}[request.param](request.getfixturevalue("data_folder"))


def learned(model: Any, x: Matrix) -> Any:
    model.fit(Interactions(csr(x)))
    return model


def weights(model: Any, x: Matrix) -> Matrix:
    return csr(learned(model, x).weights).toarray()


def strongest(w: Matrix, k: int) -> Matrix:
    """Each column with its k largest entries; ties at the border stay, as no two implementations break them alike."""
    if k >= len(w):
        return w
    return np.where(w >= np.sort(w, axis=0)[-k], w, 0.0)


def agree(found: Matrix, dense: Matrix, k: int) -> None:
    """Each column of `found` holds the k largest of the `dense` one, up to ties."""
    scale = np.abs(dense).max()
    assert ((found > 0).sum(axis=0) == np.minimum(k, (dense > 1e-9 * scale).sum(axis=0))).all()
    assert np.allclose(np.sort(found, axis=0), np.sort(_cut(dense, k), axis=0), atol=1e-5 * scale)
    assert np.allclose(found[found > 0], dense[found > 0], rtol=1e-4, atol=1e-6 * scale)


def _cut(dense: Matrix, k: int) -> Matrix:
    out = np.sort(dense, axis=0)
    out[: max(len(out) - k, 0)] = 0.0
    return out


def walked(x: Matrix, alpha: float, beta: float) -> Matrix:
    """(x_ui / d_i)^alpha (x_uj / n_u)^alpha / d_j^beta summed over users, one pair at a time; zero on the diagonal."""
    d, n = x.sum(axis=0), x.sum(axis=1)
    out = np.zeros((x.shape[1], x.shape[1]))
    for u in range(len(x)):
        items = np.flatnonzero(x[u])
        for i in items:
            out[i, items] += (x[u, i] / d[i]) ** alpha * (x[u, items] / n[u]) ** alpha * d[items] ** -beta
    np.fill_diagonal(out, 0.0)
    return out


def mostly_equal(found: Matrix, dense: Matrix) -> None:
    """Nine of ten rows are the same: in the others rounding decides between neighbours that are equally near."""
    assert np.isclose(found, dense, rtol=1e-3, atol=1e-4 * np.abs(dense).max()).all(axis=1).mean() > 0.9


def test_a_walk_by_hand_keeps_the_strongest_of_each_target() -> None:
    w = weights(Walk(WalkSettings(alpha=1.0, neighbours=1)), HAND)
    assert np.allclose(w, [[0, 5 / 18, 5 / 18], [0, 0, 0], [5 / 12, 0, 0]])
    w = weights(Walk(WalkSettings(alpha=1.0, beta=1.0, neighbours=2)), HAND)
    assert np.allclose(w, [[0, 5 / 54, 5 / 36], [5 / 54, 0, 1 / 18], [5 / 36, 1 / 18, 0]])


def test_a_normalised_walk_by_hand_cuts_steps_out_then_steps_in() -> None:
    w = weights(Walk(WalkSettings(alpha=1.0, neighbours=2, normalise=True)), HAND)
    full = np.array([[0, 5 / 18, 5 / 18], [5 / 18, 0, 1 / 9], [5 / 12, 1 / 6, 0]])
    assert np.allclose(w, full / full.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (0.65, 0.0), (0.0, 0.41), (1.7, 0.6)])
def test_walks_beside_a_sum_over_paths(x: Matrix, alpha: float, beta: float) -> None:
    dense = walked(x, alpha, beta)
    agree(weights(Walk(WalkSettings(alpha, beta, neighbours=10)), x), dense, 10)
    everything = dense / np.maximum(dense.sum(axis=1, keepdims=True), 1e-12)
    normalised = WalkSettings(alpha, beta, neighbours=len(dense), normalise=True)
    agree(weights(Walk(normalised), x), everything, len(dense))


def alike(rows: Matrix, sets: Matrix, chosen: NeighbourSettings) -> Matrix:
    """The measure of each pair of rows, one at a time; zero on the diagonal.  [i, j]: neighbours of j are sought."""
    out, n = np.zeros((len(rows), len(rows))), sets.sum(axis=1)
    for i, j in np.ndindex(out.shape):
        dot, common = rows[i] @ rows[j], sets[i] @ sets[j]
        one, two = np.linalg.norm(rows[i]), np.linalg.norm(rows[j])
        top, below = {
            "cosine": (dot, one * two),
            "asymmetric": (dot, two ** (2 * chosen.alpha) * one ** (2 * (1 - chosen.alpha))),
            "product": (dot, 1.0 - chosen.shrink),
            "jaccard": (common, n[i] + n[j] - common),
            "dice": (2 * common, n[i] + n[j]),
            "tversky": (common, common + chosen.alpha * (n[j] - common) + chosen.beta * (n[i] - common)),
        }[chosen.measure]
        out[i, j] = top / (below + chosen.shrink) if i != j and top else 0.0
    return out


def tf_idf(documents: Matrix) -> Matrix:
    """sqrt(x) log(n / (1 + n_j))."""
    return np.sqrt(documents) * np.log(len(documents) / (1.0 + (documents > 0).sum(axis=0)))


def bm25(documents: Matrix) -> Matrix:
    """x (k1 + 1) / (x + k1 (1 - b + b |d| / mean)) log(n / (1 + n_j)), k1 = 1.2, b = .75."""
    lengths = documents.sum(axis=1, keepdims=True)
    saturated = documents * 2.2 / (documents + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
    return saturated * np.log(len(documents) / (1.0 + (documents > 0).sum(axis=0)))


WEIGH: dict[str, Any] = {"none": lambda documents: documents, "tf-idf": tf_idf, "bm25": bm25}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("weighting", WEIGH)
def test_item_neighbours_beside_pairs_one_by_one(weighting: Any, measure: Any) -> None:
    x = random_clicks()
    chosen = NeighbourSettings(6, 3.0, weighting, measure, alpha=0.3, beta=1.2)
    agree(weights(ItemNeighbours(chosen), x), alike(WEIGH[weighting](x.T), x.T, chosen), 6)


def cosines(rows: Matrix, shrink: float) -> Matrix:
    norms = np.linalg.norm(rows, axis=1)
    out = rows @ rows.T / (np.outer(norms, norms) + shrink + 1e-12)
    np.fill_diagonal(out, 0.0)
    return out


@pytest.mark.parametrize("weighting", WEIGH)
def test_item_neighbours_by_cosine_on_data(x: Matrix, weighting: Any) -> None:
    chosen = NeighbourSettings(20, 10.0, weighting)
    agree(weights(ItemNeighbours(chosen), x), cosines(WEIGH[weighting](x.T), 10.0), 20)


def test_item_neighbours_may_weigh_the_votes() -> None:
    x = random_clicks()
    scores = learned(ItemNeighbours(NeighbourSettings(25, 3.0, "bm25", weigh_votes=True)), x).scores(csr(x))
    weighed = bm25(x.T).T
    dense = weighed @ cosines(weighed.T, 3.0)
    idf = np.log(25 / (1.0 + x.sum(axis=1)))
    assert np.allclose(scores, dense / idf[:, None], rtol=1e-4, atol=1e-5)  # the user's own factor changes no ranking


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("reverse", [False, True])
def test_user_neighbours_beside_pairs_one_by_one(measure: Any, reverse: bool) -> None:
    x = np.unique(random_clicks(), axis=0)
    chosen = UserNeighbourSettings(7, 3.0, "none", measure, 0.3, 1.2, reverse=reverse)
    pairs = alike(x, x, chosen)  # [v, u]: neighbours of u are sought
    kept = strongest(pairs, 7)
    found = learned(UserNeighbours(chosen), x).scores(csr(x))
    clear = np.ones(len(x), dtype=bool) if reverse else (kept > 0).sum(axis=0) <= 7  # no tie at the border
    assert clear.sum() > 3
    mostly_equal(found[clear], ((kept if reverse else kept.T) @ x)[clear])


@pytest.mark.parametrize("weighting", ["none", "tf-idf", "bm25"])
@pytest.mark.parametrize(("documents", "reverse"), [("users", False), ("items", True)])
def test_user_neighbours_on_data(x: Matrix, weighting: Any, documents: Any, reverse: bool) -> None:
    """Clicks of different weight, so that no two likenesses are equal and the neighbours are the same ones."""
    x = x[x.sum(axis=1) > 0] * np.random.default_rng(0).uniform(0.5, 1.5, x.shape[1])
    weighed = WEIGH[weighting](x) if documents == "users" else WEIGH[weighting](x.T).T
    kept = strongest(cosines(weighed, 10.0), 30)
    votes = (kept if reverse else kept.T) @ weighed
    chosen = UserNeighbourSettings(30, 10.0, weighting, weigh_votes=True, documents=documents, reverse=reverse)
    found = learned(UserNeighbours(chosen), x).scores(csr(x))
    mostly_equal(found, votes)


def test_a_user_with_the_very_same_clicks_takes_nobodys_place() -> None:
    x = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1]], dtype=np.float64)
    found = learned(UserNeighbours(UserNeighbourSettings(1, 0.0)), x).scores(csr(x[:1]))
    assert np.allclose(found, [[x[0] @ x[2] / np.sqrt(6), x[0] @ x[2] / np.sqrt(6), 2 / np.sqrt(6), 0]])


@pytest.mark.parametrize(("l1", "l2"), [(0.01, 1.0), (1.0, 10.0), (0.5, 100.0)])
def test_slim_on_all_items_satisfies_its_optimality_conditions(x: Matrix, l1: float, l2: float) -> None:
    """The slope of the loss is zero where a weight is positive, and not downhill where it is zero (Ning & Karypis)."""
    w = weights(Slim(SlimSettings(l1, l2, neighbours=0, sweeps=200)), x).astype(np.float64)
    slope = x.T @ x @ w - x.T @ x + l1 + l2 * w
    np.fill_diagonal(slope, 0.0)
    assert (w >= 0).all()
    assert not np.diag(w).any()
    scale = (x.sum(axis=0)[:, None] + l2) * 2e-3
    assert (np.abs(slope) < scale)[w > 0].all()
    assert (slope > -scale).all()


def test_slim_on_as_many_neighbours_as_there_are_is_slim_on_all() -> None:
    x = random_clicks()
    near = weights(Slim(SlimSettings(0.1, 5.0, neighbours=25, sweeps=200)), x)
    assert np.allclose(near, weights(Slim(SlimSettings(0.1, 5.0, neighbours=0, sweeps=200)), x), atol=2e-3)


def test_slim_keeps_the_largest_weights_of_each_target() -> None:
    x = random_clicks()
    whole = weights(Slim(SlimSettings(0.1, 5.0, neighbours=0)), x)
    agree(weights(Slim(SlimSettings(0.1, 5.0, neighbours=0, kept=3)), x), whole, 3)


def test_ease_and_pure_svd_beside_dense_algebra(x: Matrix) -> None:
    inverse = np.linalg.inv(x.T @ x + 20.0 * np.eye(x.shape[1]))
    b = -inverse / np.diag(inverse)
    np.fill_diagonal(b, 0.0)
    assert np.allclose(learned(Ease(EaseSettings(20.0)), x).scores(csr(x)), x @ b, atol=2e-3)
    v = np.linalg.svd(x, full_matrices=False)[2][:12]
    found = learned(PureSvd(PureSvdSettings(12)), x).scores(csr(x))
    assert np.allclose(found, x @ v.T @ v, atol=1e-3)


def test_popularity_counts_clicks(x: Matrix) -> None:
    assert np.array_equal(learned(Popularity(), x).scores(csr(x[:2])), np.tile(x.sum(axis=0), (2, 1)))


PUBLISHED: list[tuple[type[Model], Any, dict[str, Any]]] = [
    (ItemNeighbours, NeighbourSettings, {"neighbours": 1000, "shrink": 1000.0, "weighting": "tf-idf"}),
    (UserNeighbours, UserNeighbourSettings, {"neighbours": 418, "shrink": 402.0, "measure": "jaccard"}),
    (Walk, WalkSettings, {"alpha": 0.0, "beta": 0.41, "neighbours": 853, "normalise": True}),
    (Slim, SlimSettings, {"l1": 0.006, "l2": 290.0, "neighbours": 0, "kept": 642}),
    (Ease, EaseSettings, {"lam": 2000.0}),
    (PureSvd, PureSvdSettings, {"n_factors": 1}),
]


@pytest.mark.parametrize(("model", "settings", "values"), PUBLISHED)
def test_what_was_best_elsewhere_lies_in_the_space_searched(model: Any, settings: Any, values: dict[str, Any]) -> None:
    from serendip.agents.models import neighbours, pure_svd, slim, walks
    from serendip.agents.models.ease import CARD

    cards = [neighbours.ITEMS, neighbours.USERS, walks.RP3BETA, slim.CARD, CARD, pure_svd.CARD]
    space = next(card.space for card in cards if card.make is model)
    for name, value in values.items():
        part: Any = space[name]
        assert value in part.options if hasattr(part, "options") else part.low <= value <= part.high, name
    settings(**values)


@pytest.mark.parametrize(
    ("settings", "values"),
    [(NeighbourSettings, {"neighbours": 0}), (NeighbourSettings, {"shrink": -1.0}), (WalkSettings, {"alpha": -0.1}),
     (WalkSettings, {"neighbours": 0}), (SlimSettings, {"l2": 0.0}), (SlimSettings, {"kept": -1})],
)  # fmt: skip
def test_settings_out_of_range_are_refused(settings: Any, values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(values))):
        settings(**values)
