"""How fast models learn beside the bare linear algebra they stand on: `python benchmarks/models.py [--items 4000]`.

EASE from X'X to its weights, beside LAPACK's `potrf` and `potri` on the same matrix; an epoch of Mult-VAE beside the
dense products of its layers, forwards and backwards, at the same sizes; a pass of iALS beside `implicit` where it is
installed.  The best of `--repeats` each, on one thread unless OMP_NUM_THREADS says otherwise.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.sparse
import torch
from scipy.linalg import lapack

from serendip.agents.models.ease import ease_weights
from serendip.agents.models.ials import Ials, IalsSettings
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings


def best(run: Callable[[], object], repeats: int) -> float:
    """Return the least seconds that `run` took."""
    times = list[float]()
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def clicks(n_users: int, n_items: int, per_user: int) -> Any:
    rng = np.random.default_rng(0)
    columns = np.minimum((n_items * rng.random((n_users, per_user)) ** 2).astype(np.int64), n_items - 1)
    rows = np.repeat(np.arange(n_users), per_user)
    out: Any = scipy.sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, columns.ravel())), shape=(n_users, n_items)
    )
    out.data[:] = 1.0
    return out


def ease(n_items: int, repeats: int) -> tuple[float, float]:
    x = clicks(4 * n_items, n_items, 20)
    gram = np.asfortranarray((x.T @ x).toarray())
    own = np.diag_indices_from(gram)

    def bare() -> None:
        matrix = gram.copy(order="F")
        matrix[own] += 100.0
        factor, _ = lapack.spotrf(matrix, lower=1, clean=0, overwrite_a=1)  # pyright: ignore
        lapack.spotri(factor, lower=1, overwrite_c=1)  # pyright: ignore

    return best(lambda: ease_weights(gram, 100.0), repeats), best(bare, repeats)


def mult_vae(n_items: int, repeats: int) -> tuple[float, float]:
    n_users, batch, hidden, latent = 2048, 256, 600, 200
    data = Interactions(clicks(n_users, n_items, 50))
    settings = MultVaeSettings(latent=latent, hidden=(hidden,), batch=batch, epochs=1, warm_epochs=1)
    model = MultVae(settings)
    model.fit(data)
    sizes = [(n_items, hidden), (hidden, 2 * latent), (latent, hidden), (hidden, n_items)]
    layers = [(torch.randn(batch, a), torch.randn(a, b), torch.randn(batch, b)) for a, b in sizes]

    def bare() -> None:
        for _ in range(n_users // batch):
            for number, (x, w, g) in enumerate(layers):
                x @ w
                x.T @ g
                if number:  # nobody asks for the gradient of the input
                    g @ w.T

    return best(lambda: model.fit(data), repeats), best(bare, repeats)


def ials(n_factors: int, n_items: int, repeats: int) -> tuple[float, float | None]:
    x = clicks(3 * n_items, n_items, 25)
    model = Ials(IalsSettings(n_factors=n_factors, epochs=1, warm_epochs=1))
    model.fit(Interactions(x))
    mine = best(lambda: model.fit(Interactions(x)), repeats)
    if importlib.util.find_spec("implicit") is None:
        return mine, None
    from implicit.als import AlternatingLeastSquares  # pyright: ignore

    threads = int(os.environ["OMP_NUM_THREADS"])
    other: Any = AlternatingLeastSquares(factors=n_factors, iterations=1, num_threads=threads)
    matrix = scipy.sparse.csr_matrix(x)
    other.fit(matrix, show_progress=False)
    return mine, best(lambda: other.fit(matrix, show_progress=False), repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    rows = [
        ("EASE, beside potrf + potri", *ease(given.items, given.repeats)),
        ("Mult-VAE epoch, beside its products", *mult_vae(given.items, given.repeats)),
        *((f"iALS pass, {d} factors, beside implicit", *ials(d, given.items, given.repeats)) for d in (64, 128)),
    ]
    for what, mine, other in rows:
        ratio = "not installed" if other is None else f"{other:.2f} s, ratio {mine / other:.2f}"
        print(f"{what:<42} {mine:.2f} s; {ratio}")


if __name__ == "__main__":
    main()
