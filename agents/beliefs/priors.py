"""What the members of an ensemble believe before they see data: each something else."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import scipy.sparse as sparse

from serendip.agents.models.ease import Ease, ease_weights
from serendip.agents.models.gram import gram
from serendip.agents.models.model import Interactions, Model, Sparse
from serendip.simulator import randomness
from serendip.simulator.interface import Singles

_KEPT = 1024  # items up to which matrices are kept, 4 MiB each, so as not to draw them at each update


def fit_ease_towards(model: Ease, data: Interactions, prior: Singles) -> None:
    """Fit an EASE held to the weights `prior` (n_items, n_items) instead of to zero.

    Where the data say nothing the weights stay at the prior, so that members disagree on what was never clicked.
    """
    settings = model.settings
    counts = gram(data.clicks, settings.precision)
    weights = ease_weights(counts, settings.lam, prior.astype(counts.dtype), overwrite=True)
    model.weights = np.ascontiguousarray(weights)


def fit_with_made_up_users(model: Model, data: Interactions, made_up: Sparse) -> None:
    """Fit a model to the data and some users who never were, with all they clicked and nothing else shown."""
    clicks: Any = sparse.vstack([data.clicks, made_up], format="csr")
    exposures = data.exposures
    if exposures is not None:
        exposures = sparse.vstack([exposures, made_up], format="csr")
    model.fit(Interactions(clicks, exposures))


def random_matrix(key: int, n: int) -> Singles:
    """Return (n, n) standard normals with a zero diagonal, the same for the same key; not to be written to."""
    return _kept_matrix(key, n) if n <= _KEPT else _new_matrix(key, n)


@functools.lru_cache(maxsize=32)
def _kept_matrix(key: int, n: int) -> Singles:
    return _new_matrix(key, n)


def _new_matrix(key: int, n: int) -> Singles:
    matrix = randomness.generator(key, "matrix").standard_normal((n, n), dtype=np.float32)
    np.fill_diagonal(matrix, 0.0)
    matrix.setflags(write=False)
    return matrix


def random_clicks(key: int, n_users: int, n_clicks: int, n_items: int) -> Sparse:
    """Return (n_users, n_items) CSR of made-up users who clicked `n_clicks` random items each.

    Args:
        key: key of the stream of clicks.
        n_users: how many users are made up.
        n_clicks: how many items each of them clicked.
        n_items: how many items there are.
    """
    rng = randomness.generator(key, "pseudo")
    n_clicks = min(n_clicks, n_items)
    items = np.sort(np.argsort(rng.random((n_users, n_items)), axis=1)[:, :n_clicks], axis=1)
    indptr = np.arange(n_users + 1) * n_clicks
    ones = np.ones(items.size, dtype=np.float32)
    return sparse.csr_array((ones, items.ravel(), indptr), shape=(n_users, n_items))
