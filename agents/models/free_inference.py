"""A normal posterior of each user's own, found by steps up the evidence bound from what the encoder says.

With draws eps of both signs, the same for all users, the steps go down

    mean_eps -log p(x | mean + e^(log_variance / 2) eps) + beta KL(N(mean, e^log_variance) || N(0, I)).

Kim, Wiseman, Miller, Sontag & Rush (2018), "Semi-amortized variational autoencoders", section 3.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
import scipy.sparse
import torch

from serendip.agents.models.layers import BLOCK
from serendip.agents.models.model import Sparse, csr
from serendip.agents.models.mult_vae import gaussian_kl
from serendip.agents.models.multinomial import multinomial_loss
from serendip.agents.models.refinement import refined
from serendip.simulator.interface import Singles

_RATE = 0.05  # of Adam
_PAIRS = 2  # of opposite draws


@runtime_checkable
class MultinomialVae(Protocol):
    """A model with a multinomial likelihood, a standard normal prior and an encoder, such as a Mult-VAE."""

    settings: Any

    def moments(self, histories: Sparse) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean and log variance (B, latent) that the encoder gives to `histories`."""
        ...

    def logits(self, z: torch.Tensor) -> torch.Tensor:
        """Return the logits (B, n_items) at `z` (B, latent), with gradients."""
        ...


def free_moments(model: MultinomialVae, histories: Sparse, exposures: Sparse, steps: int) -> tuple[Singles, Singles]:
    """Return mean and standard deviation (B, latent) after `steps` up the bound; a row does not depend on the others.

    Args:
        model: fitted; its `beta` weighs the KL term, and its `exposed_only` says what the likelihood is over.
        histories: (B, n_items) CSR of clicks.
        exposures: (B, n_items) CSR of what each user was shown.
        steps: of Adam.
    """
    start = torch.cat(model.moments(histories), dim=1)  # (B, 2 latent)
    noise = opposite_normals(_PAIRS, start.shape[1] // 2)
    clicks, shown = csr(histories), csr(exposures) if model.settings.exposed_only else None
    out = np.empty(start.shape, dtype=np.float32)
    for at in range(0, len(start), BLOCK):
        here = slice(at, min(at + BLOCK, len(start)))
        first = torch.zeros((BLOCK, start.shape[1]))
        first[: here.stop - at] = start[here]
        own = _padded(clicks[here])
        seen = None if shown is None else _padded(shown[here])

        def loss(both: torch.Tensor, own: Sparse = own, seen: Sparse | None = seen) -> torch.Tensor:
            return minus_bound(model, both, own, seen, noise)

        out[here] = refined(first, loss, steps, _RATE).numpy()[: here.stop - at]
    mean, log_variance = np.split(out, 2, axis=1)
    return mean, np.exp(0.5 * log_variance, dtype=np.float32)


def minus_bound(
    model: MultinomialVae, both: torch.Tensor, clicks: Sparse, shown: Sparse | None, noise: torch.Tensor
) -> torch.Tensor:
    """Return minus the bound at mean and log variance `both` (B, 2 latent), for draws (n, latent), of all users.

    Args:
        model: the model whose bound it is.
        both: (B, 2 latent) means and log variances.
        clicks: (B, n_items) CSR of clicks.
        shown: (B, n_items) CSR of what was shown; None for all items.
        noise: standard normals of the draws.
    """
    mean, log_variance = both.chunk(2, dim=1)
    std = (0.5 * log_variance).exp()
    misfits = [multinomial_loss(model.logits(mean + std * draw), clicks, shown) for draw in noise]
    return torch.stack(misfits).mean() + model.settings.beta * gaussian_kl(mean, log_variance)


def opposite_normals(pairs: int, latent: int) -> torch.Tensor:
    """Return (2 pairs, latent) normals, always the same, of mean 0 and variance 1 exactly."""
    half = torch.randn((pairs, latent), generator=torch.Generator().manual_seed(0))
    return torch.cat([half, -half]) / half.square().mean(dim=0).sqrt()


def _padded(rows: Sparse) -> Sparse:
    """Return `rows` with empty ones after them, a block in all."""
    missing = BLOCK - rows.shape[0]
    indptr = np.concatenate([rows.indptr, np.full(missing, rows.indptr[-1], dtype=rows.indptr.dtype)])
    return scipy.sparse.csr_array((rows.data, rows.indices, indptr), shape=(BLOCK, rows.shape[1]))
