"""From the clicks so far to a state, at every place of a sequence: recurrent, or causal self-attention."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention

Drop = Callable[[torch.Tensor], torch.Tensor]  # dropout while learning, nothing while scoring


class Recurrent(nn.Module):
    """Gated recurrent units.  Cho et al. (2014); for recommendation Hidasi et al. (2016), "GRU4Rec"."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, batch_first=True)

    def forward(self, x: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return the states (B, T, width) after each of `x` (B, T, width)."""
        return drop(self.gru(drop(x))[0])


class Attention(nn.Module):
    """Causal self-attention with learned places.  Kang & McAuley (2018), "SASRec"; norms stand before each part."""

    def __init__(self, width: int, length: int, n_blocks: int, n_heads: int) -> None:
        """Make the layers.

        Args:
            width: length of a state.
            length: clicks that are looked back on.
            n_blocks: number of blocks.
            n_heads: number of heads of each block.
        """
        super().__init__()
        self.places = nn.Parameter(torch.empty(length, width))
        self.blocks = nn.ModuleList(Block(width, n_heads) for _ in range(n_blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return the states (B, T, width) after each of `x` (B, T, width); T is at most `length`."""
        x = drop(x + self.places[: x.shape[1]] * math.sqrt(x.shape[2]))
        for block in self.blocks:
            x = block(x, drop)
        return self.norm(x)


class Block(nn.Module):
    """x + attention(norm(x)), then x + perceptron(norm(x)); nothing sees what comes after it."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.asking = nn.Linear(width, 3 * width)
        self.answer = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return (B, T, width)."""
        n_rows, length, width = x.shape
        parts = self.asking(self.norms[0](x)).view(n_rows, length, 3, self.n_heads, width // self.n_heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (B, heads, T, width / heads) each
        seen = scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + drop(self.answer(seen.transpose(1, 2).reshape(n_rows, length, width)))
        return x + drop(self.narrow(gelu(self.wide(self.norms[1](x)))))


@torch.no_grad()
def fill(module: nn.Module, generator: torch.Generator) -> None:
    """Give every parameter its first value: matrices N(0, 1 / columns), biases 0, the scales of norms 1."""
    for name, value in module.named_parameters():
        if value.dim() > 1:
            value.normal_(0.0, 1.0 / math.sqrt(value.shape[-1]), generator=generator)
        elif "norm" in name and name.endswith("weight"):
            value.fill_(1.0)
        else:
            value.zero_()
