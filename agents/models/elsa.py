"""ELSA: a linear autoencoder of low rank with a zero diagonal, X (A A' - I), the rows of A of length 1.

Vancura, Alves, Kasalicky & Kordik (2022), "Scalable linear shallow autoencoder for collaborative filtering".  Encoder
and decoder are one matrix whose rows are held to a sphere, which is why it is no choice of slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch.nn.functional import embedding_bag, normalize

from serendip.agents.models.model import (
    Arrays,
    Interactions,
    Matrix,
    Sparse,
    block_rows,
    csr,
    in_blocks,
    level_rows,
    require_items,
)
from serendip.agents.models.search import LogRange, ModelCard, OneOf
from serendip.agents.models.trainer import Phase, Progress, Rows, Schedule, judged, train
from serendip.simulator import randomness
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges

_LEAST = 1e-12  # of a squared length


@dataclass(frozen=True, slots=True)
class ElsaSettings:
    """How an ELSA is learned.

    Attributes:
        latent: length of an item's vector.
        epochs: passes over the users of the first fit, at most.
        warm_epochs: passes of each later fit, which goes on from the vectors as they are.
        batch: users in a minibatch.
        learning_rate: step size of Adam.
        patience: looks at validation users without a better one, one every five epochs, before a fit ends; 0 for never.
        seed: seed of the first vectors and of the order of users.
    """

    latent: Annotated[int, Range(least=1)] = 256
    epochs: Annotated[int, Range(least=0, most=10_000)] = 20
    warm_epochs: Annotated[int, Range(least=0, most=10_000)] = 3
    batch: Annotated[int, Range(least=1)] = 256
    learning_rate: Annotated[float, Range(above=0)] = 0.01
    patience: Annotated[int, Range(least=0)] = 4
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, "model 'elsa'")


def normalised_error(items: torch.Tensor, clicks: Sparse) -> torch.Tensor:
    """Return the sum over users of ||x / |x| - y / |y|||^2, y = x (A A' - I): the paper's loss, linear throughout.

    It is 2 - 2 x.y / (|x| |y|), and with z = x A:  x.y = |z|^2 - |x|^2,  |y|^2 = z (A'A) z' - 2 |z|^2 + |x|^2.  So
    nothing of the size of users by items is ever made.

    Args:
        items: A (n_items, latent), rows of length 1.
        clicks: x (B, n_items) CSR, no row without a click.
    """
    starts, columns = (torch.from_numpy(part.astype(np.int64)) for part in (clicks.indptr[:-1], clicks.indices))
    values = torch.from_numpy(clicks.data).to(items.dtype)
    codes = embedding_bag(columns, items, starts, mode="sum", per_sample_weights=values)  # z (B, latent)
    squares = torch.from_numpy(np.add.reduceat(clicks.data**2, clicks.indptr[:-1])).to(items.dtype)  # |x|^2
    along = (codes * codes).sum(dim=1)
    length = ((codes @ (items.T @ items)) * codes).sum(dim=1) - 2.0 * along + squares
    cosine = (along - squares) / (squares * length.clamp_min(_LEAST)).sqrt()
    return (2.0 - 2.0 * cosine).sum()


class Elsa:
    """The model whose scores are x (A A' - I); a history that is empty scores 0 everywhere."""

    def __init__(self, settings: ElsaSettings | None = None) -> None:
        self.settings = settings or ElsaSettings()
        self.items: Singles = np.zeros((0, self.settings.latent), dtype=np.float32)  # A
        self.progress = Progress()

    def fit(self, data: Interactions) -> None:
        """Learn from `data`, on from the vectors if there are as many items as before; exposures are not used."""
        chosen, clicks = self.settings, csr(data.clicks)
        clicks = clicks[np.flatnonzero(np.diff(clicks.indptr))]
        warm = len(self.items) == data.n_items
        seed = randomness.derive(chosen.seed, "elsa", self.progress.fits) & (2**63 - 1)
        generator = torch.Generator().manual_seed(seed)
        if not warm:
            first = torch.randn((data.n_items, chosen.latent), generator=generator)
            self.items = normalize(first).numpy()
        items = torch.from_numpy(self.items.copy())

        def mean_loss(rows: Rows) -> torch.Tensor:
            return normalised_error(normalize(items), clicks[rows]) / len(rows)

        def take() -> None:
            self.items = normalize(items.detach()).numpy()

        judge = judged(data, self, take)
        epochs = chosen.warm_epochs if warm else chosen.epochs
        schedule = Schedule(epochs, chosen.batch, chosen.learning_rate, chosen.patience)
        train([Phase([items], mean_loss)], clicks.shape[0], schedule, self.progress, generator, judge)
        take()

    def scores(self, histories: Sparse) -> Singles:
        """Return x (A A' - I), (B, n_items)."""
        require_items(histories, len(self.items))
        rows = csr(histories)

        def along(block: Matrix) -> Matrix:
            return block @ self.items.T

        out = in_blocks(rows @ self.items, level_rows(block_rows(len(self.items))), along)
        out[np.repeat(np.arange(len(out)), np.diff(rows.indptr)), rows.indices] -= rows.data
        return out

    def arrays(self) -> Arrays:
        """Return the items' vectors, and how far learning is."""
        return {"items": self.items} | self.progress.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back the items' vectors."""
        self.progress = Progress.restored(arrays)
        self.items = arrays["items"]


CARD = ModelCard(
    name="elsa",
    summary="EASE of low rank, learned by gradient: small for catalogues of any size.",
    make=Elsa,
    settings=ElsaSettings(),
    small={"latent": 4, "epochs": 60, "batch": 8, "learning_rate": 0.05},
    space={
        "latent": OneOf((64, 128, 256, 512)),
        "learning_rate": LogRange(1e-3, 0.1),
        "epochs": LogRange(5, 50, whole=True),
    },
)
