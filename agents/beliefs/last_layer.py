"""What a network does not know of its items: a diagonal Laplace posterior of the decoder's last layer.

The last layer has a row for each item, its weights and its bias, and the score of item i is f_i = (h, 1) . r_i with
h the last hidden layer.  Rows and features are turned to the principal axes V of the rows, w_i = V' r_i and
phi = V' (h, 1), where a diagonal prior has the spread that scores really have.  Items are alike: before data
w_ik ~ N(m_k, t_k^2), the mean item row and its spread, both learned from the items that were shown (empirical Bayes).
The data add the diagonal of the multinomial's Fisher information,

    F_ik = sum_u n_u p_ui (1 - p_ui) phi_uk^2,

p_ui the softmax over what user u was shown, so that

    w_ik | data ~ N(w*_ik, 1 / (F_ik + 1 / t_k^2)),

w* what the network learned (its training holds rows small already).  What was never shown has F_i = 0, the network
learned nothing of it, and it stays at its prior N(m, t^2): it could be as good as any item, and as bad.  MacKay (1992),
"A practical Bayesian framework for backpropagation networks"; Kristiadi, Hein & Hennig (2020), "Being Bayesian, even
just a bit, fixes overconfidence in ReLU networks".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from serendip.agents.models import layers
from serendip.agents.models.model import Arrays, Sparse, block_rows, in_blocks, level_rows
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Bools, Floats, Singles

_USERS = 256  # at once when information is summed
_STEPS = 30  # of the fixed point for the spread of the items


@dataclass(frozen=True, slots=True)
class ItemRows:
    """Independent Gaussians over the coordinates of each item's row along some axes.

    Attributes:
        axes: V (d + 1, d + 1), orthonormal columns.
        mean: (d + 1, M) coordinates.
        variance: (d + 1, M) of the coordinates.
    """

    axes: Singles
    mean: Singles
    variance: Singles

    @classmethod
    def certain(cls, rows: Singles) -> ItemRows:
        """Return rows (d + 1, M) without doubt."""
        return cls(np.eye(len(rows), dtype=np.float32), rows, np.zeros_like(rows))

    def scores(self, features: Singles) -> tuple[Singles, Singles]:
        """Return (B, M) mean and variance of the scores at h = `features` (B, d), each row whatever the others are."""

        def both(block: NDArray[Any]) -> NDArray[Any]:
            phi = block @ self.axes[:-1] + self.axes[-1]  # (b, d + 1)
            return np.stack([phi @ self.mean, (phi * phi) @ self.variance], axis=1)

        moments = in_blocks(features, level_rows(block_rows(self.mean.shape[1])), both)
        return moments[:, 0], moments[:, 1]

    def arrays(self) -> Arrays:
        """Return what there is."""
        return {"axes": self.axes, "mean": self.mean, "variance": self.variance}


@dataclass(frozen=True, slots=True)
class Split:
    """A decoder in two: what comes before its last layer, and the last layer.

    Attributes:
        before: the parameters before the last layer.
        last: (d + 1, M) weights and, last, biases.
    """

    before: layers.Parameters
    last: Singles

    @classmethod
    def of(cls, parameters: layers.Parameters) -> Split:
        """Return the decoder among `parameters`, split.

        Raises:
            SettingsError: there is none.
        """
        before, (weights, biases) = _split(parameters)
        return cls(before, np.concatenate([weights.detach().numpy(), biases.detach().numpy()[None, :]]))

    def features(self, z: Singles) -> Singles:
        """Return h (B, d) of latent vectors `z`, each row whatever the others are."""
        return _hidden(self.before, z)


def codes_of(parameters: layers.Parameters, z: Singles) -> Singles:
    """Return (h, 1) (B, d + 1) of latent vectors `z` (B, latent), which times `Split.last` are their scores."""
    features = _hidden(_split(parameters)[0], z)
    return np.concatenate([features, np.ones((len(features), 1), dtype=np.float32)], axis=1)


def _split(parameters: layers.Parameters) -> tuple[layers.Parameters, list[torch.Tensor]]:
    """Return the decoder's parameters before the last layer, and the weights (d, M) and biases (M,) of that."""
    n_layers = sum(name.startswith("decoder.w") for name in parameters)
    if not n_layers:
        raise SettingsError("a last layer is of a model with a decoder, such as 'mult-vae'; choose one")
    names = f"decoder.w{n_layers - 1}", f"decoder.b{n_layers - 1}"
    before = {k: v for k, v in parameters.items() if k.startswith("decoder.") and k not in names}
    return before, [parameters[name] for name in names]


def _hidden(before: layers.Parameters, z: Singles) -> Singles:
    """Return h (B, d) of latent vectors `z` (B, latent), each row whatever the others are."""
    if not before:
        return z.astype(np.float32, copy=False)
    return layers.in_tensor_blocks(z, lambda x: torch.tanh(layers.dense("decoder", before, x, torch.tanh)))


def information(features: Singles, last: Singles, axes: Singles, clicks: Sparse, shown: Sparse | None) -> Floats:
    """Return F (d + 1, M), the diagonal of the multinomial's Fisher information of the last layer along `axes`.

    Args:
        features: h (n_users, d).
        last: (d + 1, M) weights and biases.
        axes: V (d + 1, d + 1).
        clicks: (n_users, M) CSR; n_u is the sum of a row.
        shown: (n_users, M) CSR of what the likelihood is over, beside the clicks; None for all items.
    """
    total = np.zeros(last.shape)
    for start in range(0, len(features), _USERS):
        rows = slice(start, start + _USERS)
        logits = features[rows] @ last[:-1] + last[-1]  # (b, M)
        if shown is not None:
            seen = (shown[rows] + clicks[rows]).toarray() > 0.0
            logits = np.where(seen, logits, -np.inf)
        best = logits.max(axis=1, keepdims=True)
        weight = np.exp(logits - np.where(np.isfinite(best), best, 0.0))
        chance = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-30)
        n_clicks = np.asarray(clicks[rows].sum(axis=1)).reshape(-1, 1)
        phi = features[rows] @ axes[:-1] + axes[-1]  # (b, d + 1)
        total += (phi * phi).T.astype(np.float64) @ (n_clicks * chance * (1.0 - chance)).astype(np.float64)
    return total


def principal_axes(last: Singles, known: Bools) -> Singles:
    """Return V (d + 1, d + 1), the principal axes of the rows of the `known` items, of `last` (d + 1, M)."""
    covariance = np.cov(last[:, known].astype(np.float64), ddof=0)
    return np.linalg.eigh(covariance)[1].astype(np.float32)


def empirical_prior(rows: Floats, fisher: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Return m and t^2 (d + 1,), mean and variance of the items' rows, by expectation maximisation.

    They maximise prod_i N(w_i; m, t^2 + 1 / F_i), coordinate by coordinate, over the items that are `known`.

    Args:
        rows: w* (d + 1, M).
        fisher: F (d + 1, M).
        known: (M,) items that were shown.
    """
    rows, fisher = rows[:, known].astype(np.float64), np.maximum(fisher[:, known], 1e-12)
    mean, variance = rows.mean(axis=1), np.maximum(rows.var(axis=1), 1e-8)
    for _ in range(_STEPS):
        spread = 1.0 / (fisher + 1.0 / variance[:, None])
        expected = spread * (fisher * rows + (mean / variance)[:, None])
        mean = expected.mean(axis=1)
        variance = np.maximum(((expected - mean[:, None]) ** 2 + spread).mean(axis=1), 1e-8)
    return mean, variance


def item_rows(
    features: Singles, last: Singles, clicks: Sparse, shown: Sparse | None, noise: Floats | None = None
) -> ItemRows:
    """Return the posterior of the last layer, around the mean row and scaled to the spread of what was shown.

    With `noise`, return one hypothesis, without doubt: the rows plus a random function that fades where data speak,
    w_i + t noise_i / (1 + t^2 F_i).  Osband, Aslanides & Cassirer (2018), "Randomized prior functions for deep
    reinforcement learning".

    Args:
        features: h (n_users, d) of those who taught the network.
        last: (d + 1, M) weights and biases.
        clicks: (n_users, M) CSR.
        shown: (n_users, M) CSR of what the likelihood is over, beside the clicks; None for all items.
        noise: (d + 1, M) standard normals, or None.
    """
    known = np.full(last.shape[1], True) if shown is None else (shown + clicks).sum(axis=0) > 0.0
    if np.count_nonzero(known) < 2:
        return ItemRows.certain(last)
    axes = principal_axes(last, known)
    fisher = information(features, last, axes, clicks, shown)
    rows = axes.T.astype(np.float64) @ last
    mean, variance = empirical_prior(rows, fisher, known)
    location = np.where(known, rows, mean[:, None])
    precision = fisher + 1.0 / variance[:, None]
    if noise is None:
        return ItemRows(axes, location.astype(np.float32), (1.0 / precision).astype(np.float32))
    location += noise / np.sqrt(variance)[:, None] / precision
    return ItemRows(axes, location.astype(np.float32), np.zeros_like(last))
