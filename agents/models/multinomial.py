"""The multinomial likelihood of clicks, over all items or over what was shown, on the processor and on a device."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from serendip.agents.compiled import compiled
from serendip.agents.models import layers
from serendip.agents.models.model import Sparse


def multinomial_loss(logits: torch.Tensor, clicks: Sparse, exposures: Sparse | None) -> torch.Tensor:
    """Return minus the multinomial log-likelihood, summed over users: sum_i x_i (log sum_j e^f_j - f_i).

    Args:
        logits: f (B, n_items).
        clicks: x (B, n_items) CSR.
        exposures: (B, n_items) CSR; the sum over j is over these and the clicked items, or over all where None.
    """
    if logits.device.type != "cpu":
        return dense_loss(logits, clicks, exposures)
    if exposures is not None:
        return cast(torch.Tensor, cast(Any, _ExposedLoss).apply(logits, clicks, exposures))
    owners = torch.from_numpy(np.repeat(np.arange(len(logits)), np.diff(clicks.indptr)))
    items = torch.from_numpy(clicks.indices.astype(np.int64))
    counts = torch.from_numpy(clicks.data)
    totals = torch.from_numpy(np.asarray(clicks.sum(axis=1), dtype=np.float32).ravel())
    return (totals * torch.logsumexp(logits, dim=1)).sum() - (logits[owners, items] * counts).sum()


def dense_loss(logits: torch.Tensor, clicks: Sparse, exposures: Sparse | None) -> torch.Tensor:
    """Return `multinomial_loss` by matrix operations alone, on the device of the logits (B, n_items)."""
    counts = layers.on_device(clicks, logits)
    if exposures is not None:
        seen = (counts > 0.0) | (layers.on_device(exposures, logits) > 0.0)
        logits = logits.masked_fill(~seen & (counts.sum(dim=1, keepdim=True) > 0.0), -torch.inf)
    mass = counts.sum(dim=1) * torch.logsumexp(logits, dim=1)
    return mass.sum() - torch.where(counts > 0.0, logits * counts, 0.0).sum()


class _ExposedLoss(torch.autograd.Function):
    """`multinomial_loss` over what was exposed, and its gradient |x| softmax - x, where few items were."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, clicks: Sparse, exposures: Sparse) -> torch.Tensor:
        """Return the loss, a number."""
        gradient = torch.zeros_like(logits)
        c, e = clicks, exposures
        loss = exposed_loss(logits.detach().numpy(), c.indptr, c.indices, c.data, e.indptr, e.indices, gradient.numpy())
        ctx.gradient = gradient
        return logits.new_tensor(loss)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradient of the logits, (B, n_items)."""
        return ctx.gradient * grad_outputs[0], None, None


@compiled
def exposed_loss(
    logits: Any, click_starts: Any, clicked: Any, counts: Any, shown_starts: Any, shown: Any, gradient: Any
) -> float:
    """Return minus the log-likelihood of the clicks among what was shown or clicked, summed over users.

    Args:
        logits: (B, n_items).
        click_starts: (B + 1,) where each user's clicks begin.
        clicked: items clicked.
        counts: how much each counts.
        shown_starts: (B + 1,) where each user's exposures begin.
        shown: items shown.
        gradient: (B, n_items) of zeros; filled with the derivatives.
    """
    loss = 0.0
    seen = np.full(logits.shape[1], -1)
    for u in range(logits.shape[0]):
        first, last = click_starts[u], click_starts[u + 1]
        total, top = 0.0, -np.inf
        for j in range(first, last):
            total += counts[j]
            top = max(top, logits[u, clicked[j]])
            seen[clicked[j]] = u
        if total == 0.0:
            continue
        for j in range(shown_starts[u], shown_starts[u + 1]):
            top = max(top, logits[u, shown[j]])
            seen[shown[j]] = u
        mass = 0.0
        for i in range(logits.shape[1]):
            if seen[i] == u:
                weight = np.exp(logits[u, i] - top)
                gradient[u, i] = weight
                mass += weight
        for i in range(logits.shape[1]):
            gradient[u, i] *= total / mass
        loss += total * (top + np.log(mass))
        for j in range(first, last):
            gradient[u, clicked[j]] -= counts[j]
            loss -= counts[j] * logits[u, clicked[j]]
    return loss
