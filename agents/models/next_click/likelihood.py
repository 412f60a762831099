"""Minus the log-likelihood of the next click: a softmax over the catalogue, in full or by importance sampling, or a
logistic likelihood of each item with sampled negatives, calibrated."""

from __future__ import annotations

import torch


def full_softmax(states: torch.Tensor, wanted: torch.Tensor, items: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return the mean over clicks of log sum_j e^f_j - f_y, with f_j = state . item_j + bias_j.

    Args:
        states: (N, d) what is known before each click.
        wanted: (N,) the items y that were clicked.
        items: (n_items, d).
        bias: (n_items,).
    """
    return torch.nn.functional.cross_entropy(torch.addmm(bias, states, items.T), wanted)


def sampled_softmax(
    states: torch.Tensor,
    wanted: torch.Tensor,
    items: torch.Tensor,
    bias: torch.Tensor,
    drawn: torch.Tensor,
    log_probability: torch.Tensor,
) -> torch.Tensor:
    """Return `full_softmax` with the sum over items estimated from m `drawn` ones.

    sum_j e^f_j is replaced by e^f_y + sum_{drawn j != y} e^f_j / (m q_j), whose mean is the sum itself where j is drawn
    with probability q_j.  Bengio & Senecal (2008), "Adaptive importance sampling to accelerate training of a neural
    probabilistic language model", section 3.

    Args:
        states: (N, d).
        wanted: (N,).
        items: (n_items, d).
        bias: (n_items,).
        drawn: (m,) items drawn with replacement, the same for all N.
        log_probability: (n_items,) log q_j.
    """
    correction = log_probability[drawn] + torch.log(torch.tensor(float(len(drawn))))
    others = torch.addmm(bias[drawn] - correction, states, items[drawn].T)  # (N, m)
    others = others.masked_fill(wanted[:, None] == drawn, -torch.inf)
    own = (states * items[wanted]).sum(dim=1) + bias[wanted]  # (N,)
    return (torch.logsumexp(torch.cat([own[:, None], others], dim=1), dim=1) - own).mean()


def calibrated_logistic(
    states: torch.Tensor,
    wanted: torch.Tensor,
    items: torch.Tensor,
    bias: torch.Tensor,
    drawn: torch.Tensor,
    calibration: float,
) -> torch.Tensor:
    """Return the mean over clicks of -(beta log s(f_y) + sum_{drawn j != y} log(1 - s(f_j))) / (m + 1).

    s is the logistic function, beta = a (t (1 - 1 / a) + 1 / a), a = m / (n_items - 1) the share of the negatives that
    is drawn, t = `calibration`.  With t = 0 this is binary cross-entropy, which makes popular items too sure the fewer
    negatives are drawn; with t = 1 s(f_j) tends to the probability that j is the next click.  Petrov & Macdonald
    (2023), "gSASRec: Reducing overconfidence in sequential recommendation trained with negative sampling", eqs. 5-8.

    Args:
        states: (N, d).
        wanted: (N,).
        items: (n_items, d).
        bias: (n_items,).
        drawn: (m,) items drawn uniformly, the same for all N.
        calibration: t in [0, 1].
    """
    n_items, m = len(bias), len(drawn)
    share = m / max(n_items - 1, 1)
    beta = 1.0 - calibration * (1.0 - share)
    others = torch.addmm(bias[drawn], states, items[drawn].T)  # (N, m)
    others = others.masked_fill(wanted[:, None] == drawn, -torch.inf)
    own = (states * items[wanted]).sum(dim=1) + bias[wanted]  # (N,)
    softplus = torch.nn.functional.softplus
    return ((beta * softplus(-own) + softplus(others).sum(dim=1)) / (m + 1)).mean()
