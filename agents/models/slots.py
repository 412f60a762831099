"""The slots from which a model is put together: likelihood and posterior as pure functions (see also `corruption`)."""

from __future__ import annotations

from typing import Literal

import torch

from serendip.agents.models.model import Sparse
from serendip.agents.models.mult_vae import gaussian_kl
from serendip.agents.models.multinomial import multinomial_loss

Encoder = Literal["table", "items", "mlp"]
Posterior = Literal["point", "amortised", "semi-amortised", "free"]
Decoder = Literal["inner", "mlp"]
Likelihood = Literal["gaussian", "bernoulli", "multinomial", "poisson"]


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
        likelihood: likelihood of the clicks.
        unclicked: weight of the pairs without a click, for the gaussian and the bernoulli.
    """
    if likelihood == "multinomial":
        return multinomial_loss(logits, clicks, exposures)
    return _by_item(logits, clicks, exposures, likelihood, unclicked).sum()


def misfit(logits: torch.Tensor, clicks: Sparse, likelihood: Likelihood, unclicked: float) -> torch.Tensor:
    """Return what `reconstruction` sums up, user by user, (B,), over all items.

    Args:
        logits: f (B, n_items).
        clicks: x (B, n_items) CSR.
        likelihood: likelihood of the clicks.
        unclicked: weight of the pairs without a click, for the gaussian and the bernoulli.
    """
    if likelihood == "multinomial":
        return -(torch.from_numpy(clicks.toarray()) * torch.log_softmax(logits, dim=1)).sum(dim=1)
    return _by_item(logits, clicks, None, likelihood, unclicked).sum(dim=1)


def _by_item(
    logits: torch.Tensor, clicks: Sparse, exposures: Sparse | None, likelihood: Likelihood, unclicked: float
) -> torch.Tensor:
    """Return minus the log-likelihood of each click or its absence, (B, n_items), for all but the multinomial."""
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
    return loss


def sampled(both: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a sample z (B, latent) and its KL to N(0, I), summed over users, from `both` (B, 2 latent)."""
    mean, log_variance = both.chunk(2, dim=1)
    noise = torch.randn(mean.shape, generator=generator)
    return mean + (0.5 * log_variance).exp() * noise, gaussian_kl(mean, log_variance)
