"""How fast models learn beside the bare linear algebra they stand on: `python benchmarks/models.py [--items 4000]`.

EASE from X'X to its weights, beside LAPACK's `potrf` and `potri` on the same matrix; an epoch of Mult-VAE beside the
dense products of its layers, forwards and backwards, at the same sizes; a pass of iALS beside `implicit` where it is
installed, and the NDCG@100 of both after 15 passes on clicks held out, each the best of three penalties; a
sparse Markov random field, its time and the most memory held.  `--data` takes real clicks for the last two.

Seconds are of processor time, so that other work on the machine hardly matters, on one thread unless OMP_NUM_THREADS
says otherwise; the two of a row take turns `--repeats` times, and the ratio is the median of theirs.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import scipy.sparse
import torch
from scipy.linalg import lapack

from serendip.agents.models.ease import ease_weights
from serendip.agents.models.full_rank import SparseField
from serendip.agents.models.ials import Ials, IalsSettings
from serendip.agents.models.memory import peak_bytes, reset_peak
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.experiments.benchmark.data import read_events
from serendip.experiments.benchmark.metrics import evaluate
from serendip.experiments.benchmark.splits import Part, split


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time that `run` took."""
    start = time.process_time()
    run()
    return time.process_time() - start


def in_turns(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> tuple[float, float, float]:
    """Return the median seconds of both, and the median ratio."""
    times = np.asarray([(seconds(ours), seconds(theirs)) for _ in range(repeats)])
    return float(np.median(times[:, 0])), float(np.median(times[:, 1])), float(np.median(times[:, 0] / times[:, 1]))


def clicks(n_users: int, n_items: int, per_user: int) -> Any:
    rng = np.random.default_rng(0)
    columns = np.minimum((n_items * rng.random((n_users, per_user)) ** 2).astype(np.int64), n_items - 1)
    rows = np.repeat(np.arange(n_users), per_user)
    out: Any = scipy.sparse.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, columns.ravel())), shape=(n_users, n_items)
    )
    out.data[:] = 1.0
    return out


def ease(n_items: int, repeats: int) -> tuple[float, float, float]:
    x = clicks(4 * n_items, n_items, 20)
    gram = np.asfortranarray((x.T @ x).toarray())
    own = np.diag_indices_from(gram)

    def bare() -> None:
        matrix = gram.copy(order="F")
        matrix[own] += 100.0
        factor, _ = lapack.spotrf(matrix, lower=1, clean=0, overwrite_a=1)  # pyright: ignore
        lapack.spotri(factor, lower=1, overwrite_c=1)  # pyright: ignore

    return in_turns(lambda: ease_weights(gram, 100.0), bare, repeats)


def mult_vae(n_items: int, repeats: int) -> tuple[float, float, float]:
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

    return in_turns(lambda: model.fit(data), bare, repeats)


def ials(n_factors: int, n_items: int, repeats: int) -> tuple[float, float, float]:
    from implicit.als import AlternatingLeastSquares  # pyright: ignore

    x = clicks(3 * n_items, n_items, 25)
    model = Ials(IalsSettings(n_factors=n_factors, epochs=1, warm_epochs=1))
    model.fit(Interactions(x))
    threads = int(os.environ["OMP_NUM_THREADS"])
    other: Any = AlternatingLeastSquares(factors=n_factors, iterations=1, num_threads=threads)
    matrix = scipy.sparse.csr_matrix(x)
    other.fit(matrix, show_progress=False)
    return in_turns(
        lambda: model.fit(Interactions(x)), lambda: other.fit(matrix, show_progress=False), max(9, 3 * repeats)
    )


def ndcg_of_both(n_factors: int, x: Any) -> tuple[float, float]:
    """Return the NDCG@100 of iALS and of `implicit` on a fifth of the clicks of users, held out; best of 3 penalties.

    Both weigh a click 10 times as much as its absence.
    """
    from implicit.als import AlternatingLeastSquares  # pyright: ignore

    held = np.random.default_rng(0).random(x.nnz) < 0.2
    known, asked = x.copy(), x.copy()
    known.data, asked.data = x.data * ~held, x.data * held
    known.eliminate_zeros()
    asked.eliminate_zeros()
    rows = np.flatnonzero(np.diff(asked.indptr))[:2000]
    part = Part(known[rows], asked[rows])
    ours, theirs = list[float](), list[float]()
    for lam in (0.003, 0.01, 0.03):
        model = Ials(IalsSettings(n_factors=n_factors, lam=lam, unobserved=0.1, epochs=15))
        model.fit(Interactions(known))
        ours.append(float(evaluate(model, part)["ndcg@100"].mean()))
    for penalty in (0.1, 1.0, 10.0):
        other: Any = AlternatingLeastSquares(
            factors=n_factors, iterations=15, alpha=10.0, regularization=penalty, random_state=0
        )
        other.fit(scipy.sparse.csr_matrix(known), show_progress=False)
        theirs.append(float(evaluate(_Factors(other, rows), part)["ndcg@100"].mean()))
    return max(ours), max(theirs)


class _Factors:
    """Scores of another library's factors, of the users `rows` in their order."""

    def __init__(self, model: Any, rows: Any) -> None:
        self.scored, self.items, self.rows = 0, np.asarray(model.item_factors), np.asarray(model.user_factors)[rows]

    def scores(self, histories: Any) -> Any:
        start = self.scored
        self.scored += histories.shape[0]
        return (self.rows[start : self.scored] @ self.items.T).astype(np.float32)


def sparse_field(x: Any) -> tuple[float, float]:
    """Return the seconds and the most gigabytes held by the process."""
    reset_peak()
    taken = seconds(lambda: SparseField().fit(Interactions(x)))
    return taken, peak_bytes() / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", type=Path, help="clicks for NDCG and the sparse field, such as ratings.csv")
    given = parser.parse_args()
    rows: list[tuple[str, tuple[float, float, float]]] = [
        ("EASE, beside potrf + potri", ease(given.items, given.repeats)),
        ("Mult-VAE epoch, beside its products", mult_vae(given.items, given.repeats)),
    ]
    compared = importlib.util.find_spec("implicit") is not None
    if compared:
        rows += [(f"iALS pass, {d} factors, beside implicit", ials(d, given.items, given.repeats)) for d in (64, 128)]
    for what, (mine, other, ratio) in rows:
        print(f"{what:<42} {mine:.3f} s beside {other:.3f} s, ratio {ratio:.2f}", flush=True)
    if given.data is None:
        x = clicks(3 * given.items, given.items, 25)
    else:
        x = csr(split(read_events(given.data), "weak", 0).train)
    if compared and given.data is not None:  # made-up clicks have nothing to rank by
        for d in (64, 128):
            print(
                "iALS, {} factors: NDCG@100 {:.4f} beside implicit's {:.4f}".format(d, *ndcg_of_both(d, x)), flush=True
            )
    print("sparse field of {:,} items: {:.1f} s, at most {:.2f} GB".format(x.shape[1], *sparse_field(x)))


if __name__ == "__main__":
    main()
