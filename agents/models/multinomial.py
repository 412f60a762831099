"""The multinomial likelihood of clicks, over all items or over what was shown, on the processor and on a device."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from serendip.agents.compiled import compiled
from serendip.agents.models import layers
from serendip.agents.models.model import Sparse

_FEW = 0.1  # share of the items that users were shown, below which their logits are worked out one by one


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


def last_layer_loss(
    x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor, clicks: Sparse, exposures: Sparse | None
) -> torch.Tensor:
    """Return `multinomial_loss` of the logits x @ weights + bias, to rounding.

    Where a user was shown few of the items, no other logits are worked out, forwards or backwards.

    Args:
        x: (B, d) what the last layer is given.
        weights: (d, n_items).
        bias: (n_items,).
        clicks: (B, n_items) CSR.
        exposures: (B, n_items) CSR, or None for all items.
    """
    few = exposures is not None and exposures.nnz + clicks.nnz < _FEW * x.shape[0] * weights.shape[1]
    if x.device.type != "cpu" or exposures is None or not few:
        return multinomial_loss(torch.addmm(bias, x.to(weights.device), weights), clicks, exposures)
    return cast(torch.Tensor, cast(Any, _ExposedLayer).apply(x, weights, bias, clicks, exposures))


def dense_loss(logits: torch.Tensor, clicks: Sparse, exposures: Sparse | None) -> torch.Tensor:
    """Return `multinomial_loss` by matrix operations alone, on the device of the logits (B, n_items)."""
    counts = layers.on_device(clicks, logits)
    if exposures is not None:
        seen = (counts > 0.0) | (layers.on_device(exposures, logits) > 0.0)
        logits = logits.masked_fill(~seen & (counts.sum(dim=1, keepdim=True) > 0.0), -torch.inf)
    mass = counts.sum(dim=1) * torch.logsumexp(logits, dim=1)
    return mass.sum() - torch.where(counts > 0.0, logits * counts, 0.0).sum()


class _ExposedLayer(torch.autograd.Function):
    """`last_layer_loss` where few items were shown, and its gradients."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor, clicks: Sparse, exposures: Sparse
    ) -> torch.Tensor:
        """Return the loss, a number.

        Args:
            ctx: keeps the gradients.
            x: (B, d).
            weights: (d, n_items).
            bias: (n_items,).
            clicks: (B, n_items) CSR.
            exposures: (B, n_items) CSR.
        """
        rows = weights.detach().numpy().T.copy()  # (n_items, d): an item's weights side by side
        gradients = np.zeros(x.shape, np.float32), np.zeros_like(rows), np.zeros(len(rows), np.float32)
        c, e = clicks, exposures
        loss = exposed_layer_loss(
            x.detach().numpy(),
            rows,
            bias.detach().numpy(),
            c.indptr,
            c.indices,
            c.data,
            e.indptr,
            e.indices,
            *gradients,
        )
        ctx.gradients = gradients[0], gradients[1].T.copy(), gradients[2]
        return x.new_tensor(loss)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the gradients of x, weights and bias."""
        return *(torch.from_numpy(one) * grad_outputs[0] for one in ctx.gradients), None, None


@compiled
def exposed_layer_loss(
    x: Any,
    rows: Any,
    bias: Any,
    click_starts: Any,
    clicked: Any,
    counts: Any,
    shown_starts: Any,
    shown: Any,
    x_gradient: Any,
    gradient: Any,
    bias_gradient: Any,
) -> float:
    """Return `exposed_loss` of the logits x @ rows' + bias, of which only those that matter are worked out.

    Args:
        x: (B, d) single precision.
        rows: (n_items, d) single precision.
        bias: (n_items,) single precision.
        click_starts: (B + 1,) where each user's clicks begin.
        clicked: items clicked.
        counts: how much each counts.
        shown_starts: (B + 1,) where each user's exposures begin.
        shown: items shown.
        x_gradient: (B, d) of zeros; filled with derivatives.
        gradient: (n_items, d) of zeros; filled likewise.
        bias_gradient: (n_items,) of zeros; filled likewise.
    """
    loss, n_items, width = 0.0, rows.shape[0], rows.shape[1]
    place, seen, slope = np.full(n_items, -1), np.zeros(n_items, np.int64), np.zeros(n_items)
    for u in range(x.shape[0]):
        n, total, top = 0, 0.0, -np.inf
        for j in range(click_starts[u], click_starts[u + 1]):
            total += counts[j]
        if total == 0.0:
            continue
        for j in range(click_starts[u], click_starts[u + 1]):
            if place[clicked[j]] < 0:
                place[clicked[j]], seen[n] = n, clicked[j]
                n += 1
        for j in range(shown_starts[u], shown_starts[u + 1]):
            if place[shown[j]] < 0:
                place[shown[j]], seen[n] = n, shown[j]
                n += 1
        for k in range(n):
            item, logit = seen[k], np.float32(0.0)
            for d in range(width):
                logit += x[u, d] * rows[item, d]
            slope[k] = logit + bias[item]
            top = max(top, slope[k])
        for j in range(click_starts[u], click_starts[u + 1]):
            loss -= counts[j] * slope[place[clicked[j]]]
        mass = 0.0
        for k in range(n):
            slope[k] = np.exp(slope[k] - top)
            mass += slope[k]
        loss += total * (top + np.log(mass))
        for k in range(n):
            slope[k] *= total / mass
        for j in range(click_starts[u], click_starts[u + 1]):
            slope[place[clicked[j]]] -= counts[j]
        for k in range(n):
            item, by = seen[k], np.float32(slope[k])
            place[item] = -1
            bias_gradient[item] += by
            for d in range(width):
                x_gradient[u, d] += by * rows[item, d]
            for d in range(width):
                gradient[item, d] += by * x[u, d]
    return loss


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
