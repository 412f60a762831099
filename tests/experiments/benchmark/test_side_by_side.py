"""Models tuned side by side, here or on a cluster, are those tuned one after another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import serendip
from serendip.simulator.settings_json import read_json

CLOCKS = ("seconds", "peak_mb", "learned_mb")


def clicks(n_users: int = 60, n_items: int = 30) -> dict[str, list[int]]:
    """Return clicks of two kinds of users, each on items of its own, in a random order."""
    rng = np.random.default_rng(0)
    user, item = np.nonzero(
        (rng.random((n_users, n_items)) < 0.5) & (np.indices((n_users, n_items)).sum(axis=0) % 2 == 0)
    )
    return {"user": user.tolist(), "item": item.tolist()}


def written(out: Path, **who: object) -> dict[str, object]:
    """Return what a benchmark by `who` leaves in `out`, but for clocks."""
    serendip.benchmark(clicks(), ["item-knn", "popularity"], trials=2, out=out, quiet=True, **who)
    found = dict[str, object]()
    for path in sorted([*(out / "trials").glob("*[0-9].json"), *(out / "tests").glob("*[a-z].json")]):
        found[path.stem] = {name: value for name, value in read_json(path).items() if name not in CLOCKS}
    return found | {path.stem + " by user": path.read_bytes() for path in sorted((out / "tests").glob("*.npz"))}


@pytest.mark.parametrize("backend", ["loky", pytest.param("ray", marks=pytest.mark.slow), "dask"])
def test_side_by_side_is_one_after_another(tmp_path: Path, backend: str) -> None:
    if backend != "loky":
        pytest.importorskip({"ray": "ray", "dask": "distributed"}[backend])
    one = written(tmp_path / "one")
    other = written(tmp_path / "other", jobs=2, backend=backend)
    assert len(one) == 7  # two trials and one of each model, its test, and its metrics by user
    assert other == one
