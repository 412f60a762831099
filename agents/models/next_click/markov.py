"""What is clicked next, given the last click alone: a first-order Markov chain, and rules that reach further back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import scipy.sparse

from serendip.agents.models.model import Arrays, Interactions, Sparse, csr, require_items
from serendip.agents.models.next_click.sequences import pairs, recent
from serendip.agents.models.search import LogRange, ModelCard, OneOf
from serendip.simulator.interface import Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class MarkovSettings:
    """How transitions are counted and smoothed.

    Attributes:
        smoothing: transitions from every item that are taken as seen before, spread as items are popular; > 0.
        reach: pairs up to so many clicks apart are counted, one that is k apart as 1/k; 1 is a Markov chain.
    """

    smoothing: Annotated[float, Range(above=0)] = 1.0
    reach: Annotated[int, Range(least=1)] = 1

    def __post_init__(self) -> None:
        check_ranges(self, "model 'markov-chain'")


class Markov:
    """The model whose scores are probabilities of the next click, given the last one.

    P(j | i) = (n_ij + m p_j) / (n_i + m) with n_ij the transitions from i to j, n_i their sum, m the smoothing and
    p_j = (c_j + 1) / (sum c + n_items) from the clicks c_j, to which it backs off after an item that nothing followed;
    p_j after an empty history.  MacKay & Bauman Peto (1995), "A hierarchical Dirichlet language model".  With a reach
    above 1: the sequential rules of Ludewig & Jannach (2018), "Evaluation of session-based recommendation algorithms".
    """

    def __init__(self, settings: MarkovSettings | None = None) -> None:
        self.settings = settings or MarkovSettings()
        self.popularity: Singles = np.zeros(0, dtype=np.float32)  # p_j
        self.transitions: Any = csr(np.zeros((0, 0)))  # n_ij

    def fit(self, data: Interactions) -> None:
        """Count anew; exposures are not used."""
        n_items = data.n_items
        clicks = np.asarray((csr(data.clicks) > 0).sum(axis=0), dtype=np.float64).ravel()
        self.popularity = ((clicks + 1.0) / (clicks.sum() + n_items)).astype(np.float32)
        total = csr(scipy.sparse.csr_array((n_items, n_items)))
        for distance in range(1, self.settings.reach + 1):
            earlier, later = pairs(data.clicks, distance)
            weights = np.full(len(earlier), 1.0 / distance, dtype=np.float32)
            total = total + csr(scipy.sparse.csr_array((weights, (earlier, later)), shape=total.shape))
        self.transitions = csr(total)

    def scores(self, histories: Sparse) -> Singles:
        """Return P(next click | last click), (B, n_items)."""
        require_items(histories, len(self.popularity))
        last = recent(histories, 1)[:, 0]
        m, counts = np.float32(self.settings.smoothing), self.transitions[np.maximum(last - 1, 0)].toarray()
        counts[last == 0] = 0.0
        return (counts + m * self.popularity) / (counts.sum(axis=1, keepdims=True) + m)

    def arrays(self) -> Arrays:
        """Return the popularity and the counts of transitions."""
        counts = self.transitions
        return {
            "popularity": self.popularity,
            "data": counts.data,
            "indices": counts.indices,
            "indptr": counts.indptr,
        }

    def restore(self, arrays: Arrays) -> None:
        """Take back the counts."""
        self.popularity = arrays["popularity"]
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        self.transitions = scipy.sparse.csr_array(parts, shape=(len(self.popularity), len(self.popularity)))


CARD = ModelCard(
    name="markov-chain",
    summary="What follows the last click, smoothed towards popularity: the least that the next click owes.",
    make=Markov,
    settings=MarkovSettings(),
    space={"smoothing": LogRange(1.0, 1e4)},
    sequential=True,
)
RULES = ModelCard(
    name="sequential-rules",
    summary="What follows the last click within a few, by distance: quick, and hard to beat for sessions.",
    make=Markov,
    settings=MarkovSettings(reach=5),
    small={"reach": 2},
    space={"smoothing": LogRange(1.0, 1e4), "reach": OneOf((2, 3, 5, 10, 20))},
    sequential=True,
)
