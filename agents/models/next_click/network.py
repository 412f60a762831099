"""A network of the next click: an encoder of the clicks so far, and a softmax over items that shares their vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import embedding

from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, in_blocks, require_items
from serendip.agents.models.next_click.encoders import Attention, Drop, Recurrent, fill
from serendip.agents.models.next_click.likelihood import calibrated_logistic, full_softmax, sampled_softmax
from serendip.agents.models.next_click.sequences import Ids, recent
from serendip.agents.models.search import Between, LogRange, ModelCard, OneOf
from serendip.agents.models.trainer import Phase, Progress, Schedule, judged, train
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges

_SCORED = 64  # histories at once
_ALIKE = 32  # histories of similar lengths that are encoded together


@dataclass(frozen=True, slots=True)
class NextClickSettings:
    """How a network of the next click is built and learned.

    Attributes:
        encoder: gated recurrent units, or causal self-attention.
        width: length of an item's vector and of a state.
        length: clicks that are looked back on.
        n_blocks: number of blocks of attention.
        n_heads: number of heads of each block; they divide `width`.
        dropout: probability that a number is dropped, in [0, 1).
        likelihood: a softmax over items, or a logistic likelihood of each item, calibrated.
        negatives: items drawn for the likelihood of a minibatch; catalogues with no more are summed up in full.
        calibration: how far the logistic likelihood corrects for sampling: 0 not at all, 1 to chances that are right.
        epochs: passes over the users of the first fit, at most.
        warm_epochs: passes over the users of each later fit, which goes on from the parameters as they are.
        patience: looks at validation users without a better one, one every five epochs, before a fit ends; 0 for never.
        batch: users in a minibatch.
        learning_rate: step size of Adam.
        seed: seed of parameters, order, dropout and negatives.
    """

    encoder: Literal["recurrent", "attention"] = "recurrent"
    width: Annotated[int, Range(least=1)] = 64
    length: Annotated[int, Range(least=1)] = 30
    n_blocks: Annotated[int, Range(least=1)] = 2
    n_heads: Annotated[int, Range(least=1)] = 2
    dropout: Annotated[float, Range(least=0, below=1)] = 0.5
    likelihood: Literal["softmax", "logistic"] = "softmax"
    negatives: Annotated[int, Range(least=1)] = 512
    calibration: Annotated[float, Range(least=0, most=1)] = 0.75
    epochs: Annotated[int, Range(least=1, most=10_000)] = 8
    warm_epochs: Annotated[int, Range(least=0, most=10_000)] = 3
    patience: Annotated[int, Range(least=0)] = 2
    batch: Annotated[int, Range(least=1)] = 256
    learning_rate: float = 5e-3
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(self, "model of the next click")
        if self.width % self.n_heads:
            raise SettingsError(f"n_heads must divide width, got {self.n_heads} and {self.width}")


class Network(nn.Module):
    """Items, their biases and an encoder; the item after the last one stands for the start of every history."""

    def __init__(self, settings: NextClickSettings, n_items: int) -> None:
        super().__init__()
        self.items = nn.Parameter(torch.empty(n_items + 1, settings.width))
        self.bias = nn.Parameter(torch.empty(n_items))
        self.encoder = (
            Recurrent(settings.width)
            if settings.encoder == "recurrent"
            else Attention(settings.width, settings.length + 1, settings.n_blocks, settings.n_heads)
        )

    def forward(self, before: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return the states (B, T, width) at the start and after each click of `before` (B, T - 1), item + 1 or 0."""
        start = len(self.bias)
        clicks = torch.cat([before.new_full((len(before), 1), start), (before - 1) % (start + 1)], dim=1)  # 0 is start
        return self.encoder(embedding(clicks, self.items) * math.sqrt(self.items.shape[1]), drop)


class NextClick:
    """The model whose scores are the logits of the next click, with a state from the last clicks of a history."""

    def __init__(self, settings: NextClickSettings | None = None) -> None:
        self.settings = settings or NextClickSettings()
        self.network: Network | None = None
        self.progress = Progress()

    @property
    def n_items(self) -> int:
        """Number of items learned from, 0 before."""
        return 0 if self.network is None else len(self.network.bias)

    def fit(self, data: Interactions) -> None:
        """Learn from `data`, on from the parameters if there are as many items as before; exposures are not used.

        Every click of a user's last `length` + 1 is predicted from those before it, the first from nothing.
        """
        chosen = self.settings
        counts = np.asarray((csr(data.clicks) > 0).sum(axis=0), dtype=np.float64).ravel() + 1.0
        popularity = torch.from_numpy(counts / counts.sum()).float()
        seed = randomness.derive(chosen.seed, "next-click", self.progress.fits) & (2**63 - 1)
        generator = torch.Generator().manual_seed(seed)
        warm = self.network is not None and self.n_items == data.n_items
        network = self.network if warm and self.network is not None else self._first(popularity, generator)
        self.network = network
        users = recent(data.clicks, chosen.length + 1)
        users = users[users[:, 0] > 0]
        loss = Phase(list(network.parameters()), lambda rows: self._loss(network, users[rows], popularity, generator))
        epochs = chosen.warm_epochs if warm else chosen.epochs
        schedule = Schedule(epochs, chosen.batch, chosen.learning_rate, chosen.patience)
        train([loss], len(users), schedule, self.progress, generator, judged(data, self))
        for value in network.parameters():
            value.requires_grad_(False)

    def _loss(
        self, network: Network, clicks: Ids, popularity: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Return minus the mean log-likelihood of `clicks` (B, length + 1), item + 1 or 0."""
        counts = (clicks > 0).sum(axis=1)
        order = np.argsort(counts, kind="stable")  # alike ones together: little is padded
        states, wanted = list[torch.Tensor](), list[torch.Tensor]()
        for start in range(0, len(order), _ALIKE):
            rows = order[start : start + _ALIKE]
            asked = torch.from_numpy(clicks[rows, : counts[rows].max()])  # (b, T)
            before = network.forward(asked[:, :-1], lambda x: _dropped(x, self.settings.dropout, generator))
            states.append(before[asked > 0])
            wanted.append(asked[asked > 0] - 1)
        return self._unlikely(network, torch.cat(states), torch.cat(wanted), popularity, generator)

    def _unlikely(
        self,
        network: Network,
        states: torch.Tensor,
        wanted: torch.Tensor,
        popularity: torch.Tensor,
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Return minus the mean log-likelihood of items `wanted` (N,) given `states` (N, width)."""
        chosen, n_items = self.settings, len(network.bias)
        items = network.items[:n_items]
        if chosen.likelihood == "logistic":
            m = min(chosen.negatives, n_items)
            drawn = torch.randperm(n_items, generator=generator)[:m]
            return calibrated_logistic(states, wanted, items, network.bias, drawn, chosen.calibration)
        if n_items <= chosen.negatives:
            return full_softmax(states, wanted, items, network.bias)
        chance = 0.5 * popularity + 0.5 / n_items
        drawn = torch.multinomial(chance, chosen.negatives, replacement=True, generator=generator)
        return sampled_softmax(states, wanted, items, network.bias, drawn, chance.log())

    @torch.no_grad()
    def scores(self, histories: Sparse) -> Singles:
        """Return the logits of the next click, (B, n_items)."""
        require_items(histories, self.n_items)
        network = self.network
        assert network is not None

        def block(clicks: Ids) -> Singles:
            before = torch.from_numpy(clicks)
            states = network.forward(before, lambda x: x)[torch.arange(len(before)), (before > 0).sum(dim=1)]
            return torch.addmm(network.bias, states, network.items[:-1].T).numpy()

        return in_blocks(recent(histories, self.settings.length), _SCORED, block)

    def arrays(self) -> Arrays:
        """Return the parameters, and how far learning is."""
        learned = {} if self.network is None else self.network.state_dict()
        return {name: value.numpy().copy() for name, value in learned.items()} | self.progress.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back the parameters."""
        self.progress = Progress.restored(arrays)
        learned = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items() if name != "progress"}
        self.network = self._empty(len(arrays["bias"]))
        self.network.load_state_dict(learned)

    def _empty(self, n_items: int) -> Network:
        with torch.device("meta"):  # so that torch's own first values, drawn from global state, are never drawn
            network = Network(self.settings, n_items)
        return network.to_empty(device="cpu")

    def _first(self, popularity: torch.Tensor, generator: torch.Generator) -> Network:
        """Return a network that knows nothing but what is popular."""
        network = self._empty(len(popularity))
        fill(network, generator)
        with torch.no_grad():
            network.bias.copy_(popularity.log())
        return network


def _dropped(x: torch.Tensor, probability: float, generator: torch.Generator) -> torch.Tensor:
    """Return `x` with each number 0 with `probability`, the others divided by 1 - `probability`."""
    if probability == 0.0:
        return x
    kept = torch.empty_like(x).bernoulli_(1.0 - probability, generator=generator)
    return x * kept / (1.0 - probability)


_SPACE = {
    "width": OneOf((32, 64, 128)),
    "dropout": Between(0.2, 0.7),
    "learning_rate": LogRange(2e-3, 1e-2),
}
_SMALL = {"width": 8, "epochs": 40, "batch": 8, "learning_rate": 0.03, "dropout": 0.1}
RECURRENT = ModelCard(
    name="gru",
    summary="Gated recurrent units over the last clicks: for the next click where order matters.",
    make=NextClick,
    settings=NextClickSettings(),
    small=_SMALL,
    space=_SPACE,
    sequential=True,
)
ATTENTION = ModelCard(
    name="self-attention",
    summary="Causal self-attention over the last clicks: for the next click in long histories.",
    make=NextClick,
    settings=NextClickSettings(encoder="attention"),
    small=_SMALL,
    space=_SPACE,
    sequential=True,
)
MANY = ModelCard(
    name="softmax-attention",
    summary="Self-attention with a softmax over thousands of items a step: where hundreds are too few.",
    make=NextClick,
    settings=NextClickSettings(encoder="attention", negatives=4096),
    small=_SMALL,
    space=_SPACE,
    sequential=True,
)
CALIBRATED = ModelCard(
    name="gsasrec",
    summary="Self-attention that asks of each item whether it is next, with many negatives and calibrated chances.",
    make=NextClick,
    settings=NextClickSettings(encoder="attention", likelihood="logistic", negatives=1024),
    small=_SMALL,
    space=_SPACE | {"calibration": Between(0.0, 1.0)},
    sequential=True,
)
