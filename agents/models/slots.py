"""The slots from which a model is put together: corruption, likelihood and posterior as pure functions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.sparse
import torch

from serendip.agents.models import layers
from serendip.agents.models.model import Sparse
from serendip.agents.models.mult_vae import gaussian_kl, multinomial_loss

Corruption = Literal["none", "dropout", "ipw-dropout", "emphasis"]
Encoder = Literal["table", "items", "mlp"]
Posterior = Literal["point", "amortised", "free"]
Decoder = Literal["inner", "mlp"]
Likelihood = Literal["gaussian", "bernoulli", "multinomial", "poisson"]


def corrupted(rows: Sparse, how: Corruption, p: float, counts: Any, generator: torch.Generator) -> Sparse:
    """Return `rows` (B, n_items) with some clicks dropped, the others rescaled so that the mean stays.

    dropout and emphasis: each with probability p.  ipw-dropout: an item is kept with probability
    (1 - p) (n_min / n_i)^(1/2), so that what everybody clicks teaches less.

    Args:
        counts: (n_items,) clicks of each item.
    """
    if how == "none" or p == 0.0:
        return rows
    if how != "ipw-dropout":
        return layers.dropped(rows, p, generator)
    rarest = max(float(counts[counts > 0].min()) if (counts > 0).any() else 1.0, 1e-12)
    keep = (1.0 - p) * np.sqrt(rarest / np.maximum(counts[rows.indices], rarest))
    kept = torch.rand(len(rows.data), generator=generator).numpy() < keep
    data = np.where(kept, rows.data / keep, 0.0).astype(np.float32)
    return scipy.sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def targets(clicks: Sparse, corrupt: Sparse, how: Corruption) -> Sparse:
    """Return what is to be predicted: the dropped clicks alone under emphasis, else all `clicks`."""
    if how != "emphasis":
        return clicks
    data = np.where(corrupt.data == 0.0, clicks.data, np.float32(0.0))
    return scipy.sparse.csr_array((data, clicks.indices, clicks.indptr), shape=clicks.shape)


def reconstruction(
    logits: torch.Tensor, clicks: Sparse, exposures: Sparse | None, likelihood: Likelihood, unclicked: float
) -> torch.Tensor:
    """Return minus the log-likelihood of `clicks`, summed over users and (exposed) items, up to a constant.

    gaussian: (x - f)^2 / 2;  bernoulli: log(1 + e^f) - [x > 0] f;  poisson: e^f - x f;  multinomial: see
    `multinomial_loss`.

    Args:
        logits: f (B, n_items).
        clicks: x (B, n_items) CSR; counts are at least 0.
        exposures: (B, n_items) CSR; items outside it and the clicks are left out; None for none.
        unclicked: weight of the pairs without a click, for the gaussian and the bernoulli.
    """
    if likelihood == "multinomial":
        return multinomial_loss(logits, clicks, exposures)
    x = torch.from_numpy(clicks.toarray())
    clicked = x > 0.0
    if likelihood == "gaussian":
        loss = 0.5 * (x - logits) ** 2
    elif likelihood == "bernoulli":
        loss = torch.nn.functional.softplus(logits) - clicked * logits
    else:
        loss = logits.clamp_max(30.0).exp() - x * logits
    if likelihood != "poisson":
        loss = torch.where(clicked, loss, unclicked * loss)
    if exposures is not None:
        loss = torch.where(clicked | (torch.from_numpy(exposures.toarray()) > 0.0), loss, 0.0)
    return loss.sum()


def sampled(both: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a sample z (B, latent) and its KL to N(0, I), summed over users, from `both` (B, 2 latent)."""
    mean, log_variance = both.chunk(2, dim=1)
    noise = torch.randn(mean.shape, generator=generator)
    return mean + (0.5 * log_variance).exp() * noise, gaussian_kl(mean, log_variance)
