"""Layers for histories that stay sparse: parameters by name, products that do not depend on the size of a batch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import scipy.sparse
import torch
from numpy.typing import NDArray

from serendip.agents.models.model import Arrays, Sparse, block_rows, csr, in_blocks, level_rows
from serendip.simulator.errors import SettingsError

Parameters = dict[str, torch.Tensor]
Activation = Callable[[torch.Tensor], torch.Tensor]
BLOCK = block_rows(0)  # rows of every dense product when scoring, but where items are many


class _SparseProduct(torch.autograd.Function):
    """rows @ weights for CSR rows: far fewer operations than the dense product, forwards and backwards."""

    @staticmethod
    def forward(ctx: Any, rows: Sparse, weights: torch.Tensor) -> torch.Tensor:
        """Return (B, d)."""
        ctx.rows = rows
        return torch.from_numpy(rows @ weights.detach().numpy())

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return the gradient of the weights, (n_items, d)."""
        return None, torch.from_numpy(scipy.sparse.csr_array(ctx.rows.T) @ grad_outputs[0].numpy())


def sparse_product(rows: Sparse, weights: torch.Tensor) -> torch.Tensor:
    """Return rows @ weights (B, d) with a gradient for `weights`; `rows` (B, n_items) is float32 CSR."""
    if weights.device.type != "cpu":  # where a dense product is quicker than a sparse one
        return on_device(rows, weights) @ weights
    return cast(torch.Tensor, cast(Any, _SparseProduct).apply(rows, weights))


def on_device(rows: Sparse, like: torch.Tensor) -> torch.Tensor:
    """Return CSR `rows` (B, n_items) as a dense matrix like `like`, where that is; their entries alone travel."""
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    places = torch.from_numpy(owners * rows.shape[1] + rows.indices)
    filled = like.new_zeros(rows.shape[0] * rows.shape[1])
    filled[places.to(like.device)] = torch.from_numpy(rows.data).to(like)
    return filled.view(rows.shape)


def usable(setting: str, device: str) -> torch.device:
    """Return the torch device called `device`, which `setting` names.

    Raises:
        SettingsError: torch does not know it, or cannot use it here.
    """
    try:
        found = torch.device(device)
        torch.zeros(1, device=found).cpu()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SettingsError(
            f"{setting} is {device!r}, which torch cannot use here ({reason}); leave it out for the processor, or "
            "name a device that is there, such as 'cuda' or 'cuda:1'"
        ) from error
    return found


def placed(parameters: Parameters, device: torch.device | str) -> Parameters:
    """Return the parameters on `device`, without gradients; those that are there are not copied."""
    return {name: value.detach().to(device) for name, value in parameters.items()}


def chain(prefix: str, sizes: Sequence[int], generator: torch.Generator) -> Parameters:
    """Return the parameters of layers of `sizes`: weights `prefix.w0` (in, out) and biases `prefix.b0`, and so on.

    Weights are Xavier-uniform, biases normal with standard deviation 0.001, as in Liang et al. (2018).
    """
    out: Parameters = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        bound = math.sqrt(6.0 / (n_in + n_out))
        out[f"{prefix}.w{layer}"] = (torch.rand((n_in, n_out), generator=generator) * 2.0 - 1.0) * bound
        out[f"{prefix}.b{layer}"] = torch.randn(n_out, generator=generator) * 0.001
    return out


def dense(prefix: str, parameters: Parameters, x: torch.Tensor, activation: Activation, first: int = 0) -> torch.Tensor:
    """Return the output of the layers called `prefix` from number `first` on; the last is linear.

    Args:
        prefix: what the names of the layers' parameters begin with.
        parameters: all parameters by name.
        x: (B, d) input.
        activation: what stands between two layers.
        first: number of the first layer.
    """
    layer = first
    while f"{prefix}.w{layer}" in parameters:
        x = _affine(parameters[f"{prefix}.b{layer}"], x, parameters[f"{prefix}.w{layer}"])
        layer += 1
        if f"{prefix}.w{layer}" in parameters:
            x = activation(x)
    return x


def before_last(
    prefix: str, parameters: Parameters, x: torch.Tensor, activation: Activation
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return what the last of the layers called `prefix` is given for `x` (B, d), its weights and its biases.

    Args:
        prefix: what the names of the layers' parameters begin with.
        parameters: all parameters by name.
        x: (B, d) input.
        activation: what stands between two layers.
    """
    layer = 0
    while f"{prefix}.w{layer + 1}" in parameters:
        x = activation(_affine(parameters[f"{prefix}.b{layer}"], x, parameters[f"{prefix}.w{layer}"]))
        layer += 1
    return x, parameters[f"{prefix}.w{layer}"], parameters[f"{prefix}.b{layer}"]


def _affine(bias: torch.Tensor, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return x @ weights + bias; a wide one, where nothing is learned, by NumPy, which is faster at it."""
    if torch.is_grad_enabled() or block_rows(weights.shape[1]) == BLOCK or weights.device.type != "cpu":
        return torch.addmm(bias, x.to(weights.device), weights)
    rows, matrix, at_once = x.numpy(), weights.detach().numpy(), level_rows(len(x))
    out = np.empty((len(rows), matrix.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), at_once):
        np.matmul(rows[start : start + at_once], matrix, out=out[start : start + at_once])
    out += bias.detach().numpy()
    return torch.from_numpy(out)


def from_sparse(prefix: str, parameters: Parameters, rows: Sparse, activation: Activation) -> torch.Tensor:
    """Return the output of the layers called `prefix` for CSR rows, with gradients.

    Args:
        prefix: what the names of the layers' parameters begin with.
        parameters: all parameters by name.
        rows: (B, d) CSR input.
        activation: what stands between two layers.
    """
    x = sparse_product(rows, parameters[f"{prefix}.w0"]) + parameters[f"{prefix}.b0"]
    return dense(prefix, parameters, activation(x), activation, 1) if f"{prefix}.w1" in parameters else x


@torch.no_grad()
def score_sparse(prefix: str, parameters: Parameters, rows: Sparse, activation: Activation) -> NDArray[np.float32]:
    """Return what `from_sparse` does, each row to the same last bit whatever the others are.

    Args:
        prefix: what the names of the layers' parameters begin with.
        parameters: all parameters by name.
        rows: (B, d) CSR input.
        activation: what stands between two layers.
    """
    weights, biases = (parameters[f"{prefix}.{name}0"].detach().cpu().numpy() for name in "wb")
    first = rows @ weights + biases
    if f"{prefix}.w1" not in parameters:
        return first
    return in_tensor_blocks(first, lambda x: dense(prefix, parameters, activation(x), activation, 1))


@torch.no_grad()
def in_tensor_blocks(rows: NDArray[Any], compute: Activation, n_items: int = 0) -> NDArray[np.float32]:
    """Apply `compute` to float32 `rows` (B, d) in blocks of one size (see `in_blocks`), and return what it gives.

    Args:
        rows: (B, d).
        compute: what gives a row for each.
        n_items: of which `compute` gives scores; 0 if it gives something else.
    """

    def block(part: NDArray[Any]) -> NDArray[Any]:
        aligned = torch.empty(part.shape)  # torch aligns its memory; a result may depend on alignment
        aligned.copy_(torch.from_numpy(part))
        return compute(aligned).cpu().numpy()

    return in_blocks(rows.astype(np.float32, copy=False), block_rows(n_items), block)


@torch.no_grad()
def score_dense(prefix: str, parameters: Parameters, rows: NDArray[Any], activation: Activation) -> NDArray[np.float32]:
    """Return what `dense` does of `rows` (B, d) in `in_tensor_blocks`, written where it is to stand, without copies.

    Args:
        prefix: what the names of the layers' parameters begin with.
        parameters: all parameters by name.
        rows: (B, d).
        activation: what stands between two layers.
    """
    names = [name for name in parameters if name.startswith(f"{prefix}.w")]
    *inner, last = [(parameters[name], parameters[name.replace(".w", ".b")]) for name in names]
    n_items, step = last[0].shape[1], block_rows(last[0].shape[1])
    if step != BLOCK or last[0].device.type != "cpu":
        return in_tensor_blocks(rows, lambda x: dense(prefix, parameters, x, activation), n_items)
    n_padded = max(-(-len(rows) // step), 1) * step
    given, out = torch.zeros((n_padded, rows.shape[1])), torch.empty((n_padded, n_items))
    given[: len(rows)] = torch.from_numpy(rows.astype(np.float32, copy=False))
    for x, scores in zip(given.split(step), out.split(step), strict=True):
        for weights, bias in inner:
            x = activation(torch.addmm(bias, x, weights))
        torch.addmm(last[1], x, last[0], out=scores)
    return out[: len(rows)].numpy()


def normalised(rows: Sparse) -> Sparse:
    """Return float32 CSR `rows` divided by their Euclidean lengths; an empty row stays empty."""
    rows = csr(rows)
    counts = np.diff(rows.indptr)
    squares = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    lengths = np.sqrt(np.maximum(squares, np.float32(1e-30)), dtype=np.float32)
    data = rows.data / np.repeat(lengths, counts)
    return scipy.sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def dropped(rows: Sparse, probability: float, generator: torch.Generator) -> Sparse:
    """Return `rows` with each entry dropped with `probability`, the others divided by 1 - `probability`."""
    if probability == 0.0:
        return rows
    kept = torch.rand(len(rows.data), generator=generator).numpy() >= probability
    data = np.where(kept, rows.data / np.float32(1.0 - probability), np.float32(0.0))
    return scipy.sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)


def to_arrays(parameters: Parameters) -> Arrays:
    """Return the parameters as NumPy arrays of their own."""
    return {name: value.detach().numpy().copy() for name, value in parameters.items()}


def to_parameters(arrays: Arrays) -> Parameters:
    """Return arrays as parameters, copied into torch's own memory."""
    return {name: torch.from_numpy(np.array(value)).clone() for name, value in arrays.items()}
