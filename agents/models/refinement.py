"""Steps from a first guess of what kind of user this is towards the best one: inference that is not amortised."""

from __future__ import annotations

from collections.abc import Callable

import torch

Loss = Callable[[torch.Tensor], torch.Tensor]


def refined(start: torch.Tensor, loss: Loss, steps: int, rate: float = 0.1) -> torch.Tensor:
    """Return `start` (B, d) after `steps` of Adam down `loss`, at a rate that falls to 0 on a line; detached.

    The loss is a sum over the rows, and Adam's steps are element by element: rows do not meet.

    Args:
        start: (B, d) where the steps begin.
        loss: gives the loss of (B, d), a sum over the rows.
        steps: how many steps are taken.
        rate: size of the first step.
    """
    x = start.detach().clone().requires_grad_()
    optimiser = torch.optim.Adam([x], lr=rate)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1.0 - step / steps)  # so that it comes to rest
        (x.grad,) = torch.autograd.grad(loss(x), [x])
        optimiser.step()
    return x.detach()
