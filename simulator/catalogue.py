"""The items: what they are about, how good they are, when they appear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.simulator.interface import Items, SettingsError, Singles, SmallInts
from serendip.simulator.randomness import generator

Array = Any


@dataclass(frozen=True, slots=True)
class CatalogueSettings:
    """How many items there are, and how they differ."""

    n_items: int = 1000
    """Items in the catalogue."""
    n_topics: int = 64
    """Topics that items are about, one each."""
    quality_spread: float = 0.7
    """Standard deviation of quality, in units of utility."""

    def __post_init__(self) -> None:
        if not 1 <= self.n_topics <= self.n_items:
            raise SettingsError(f"catalogue: n_topics is {self.n_topics}; allowed is 1 to n_items = {self.n_items}")
        if not 0.0 <= self.quality_spread < 100.0:
            raise SettingsError(f"catalogue: quality_spread is {self.quality_spread}; allowed is 0 to 100")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The items of one world.

    Attributes:
        topic: (M,) int32 topic of each item.
        quality: (M,) float32 what an item is worth to everybody, in units of utility.
        released: (M,) int32 first day on which an item can be shown.
        factors: (M, d) float32 item factors, or None: then a user has a taste for each topic, and the factors of an
            item are the unit vector of its topic.
        n_topics: number of topics K.
    """

    topic: Array
    quality: Array
    released: Array
    factors: Array | None
    n_topics: int

    def items(self) -> Items:
        """Return what a site knows of the catalogue."""
        return Items(np.asarray(self.topic), np.asarray(self.released))


def draw_catalogue(settings: CatalogueSettings, seed: int) -> Catalogue:
    """Return a catalogue: topics in equal shares, qualities normal around 0, everything there from the start."""
    rng = generator(seed, "catalogue")
    topic: SmallInts = rng.permutation(np.arange(settings.n_items, dtype=np.int32) % settings.n_topics)
    quality: Singles = rng.normal(0.0, settings.quality_spread, settings.n_items).astype(np.float32)
    return Catalogue(topic, quality, np.zeros(settings.n_items, np.int32), None, settings.n_topics)
