"""What a world takes from real data instead of drawing it: the items, and the people to resample."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from serendip.simulator.catalogue import Catalogue
from serendip.simulator.errors import DataError
from serendip.simulator.files import write_whole
from serendip.simulator.interface import Array
from serendip.simulator.population import (
    Population,
    PopulationSettings,
    arrivals,
    cohort_factor,
    draw_cohorts,
    dynamics_factors,
)
from serendip.simulator.randomness import generator


@dataclass(frozen=True, slots=True)
class Fitted:
    """Items and people estimated from interactions.  N people were seen, M items, d factors, K topics.

    Attributes:
        topic: (M,) int32 topic of each item.
        quality: (M,) float32 worth of each item to everybody, in units of utility.
        factors: (M, d) float32 item factors.
        taste: (N, d) float32 tastes.
        known: (N, K) float32 repertoire at the start, in [0, 1].
        days_active: (N,) float32 days with an interaction.
        days_watched: (N,) float32 days during which the person could have had one.
    """

    topic: Array
    quality: Array
    factors: Array
    taste: Array
    known: Array
    days_active: Array
    days_watched: Array

    def __post_init__(self) -> None:
        shapes = {f.name: getattr(self, f.name).shape for f in fields(self)}
        n, m, d = self.taste.shape[0], self.topic.shape[0], self.taste.shape[1]
        wanted: dict[str, tuple[int, ...]] = {
            "topic": (m,), "quality": (m,), "factors": (m, d), "taste": (n, d), "known": (n, self.known.shape[1]),
            "days_active": (n,), "days_watched": (n,),
        }  # fmt: skip
        for name, shape in wanted.items():
            if shapes[name] != shape:
                raise DataError(f"fitted world: {name} has shape {shapes[name]}, not {shape}")
            if not np.isfinite(getattr(self, name)).all():
                raise DataError(f"fitted world: {name} holds NaN or infinity; fit the world again")
        if self.topic.min() < 0 or self.topic.max() >= self.known.shape[1]:
            raise DataError(f"fitted world: a topic is outside 0 to {self.known.shape[1] - 1}")

    def save(self, path: Path) -> None:
        """Write all arrays to `path` as safetensors, all or nothing."""
        write_whole(path, save({f.name: np.ascontiguousarray(getattr(self, f.name)) for f in fields(self)}))

    @classmethod
    def load(cls, path: Path) -> Fitted:
        """Read what `save` wrote; a DataError says what is wrong with the file."""
        try:
            arrays = load_file(path)
        except (SafetensorError, OSError) as error:
            raise DataError(f"{path}: not a fitted world ({error})") from error
        missing = [f.name for f in fields(cls) if f.name not in arrays]
        if missing:
            raise DataError(f"{path}: not a fitted world; {', '.join(missing)} missing")
        return cls(**{f.name: arrays[f.name] for f in fields(cls)})

    def catalogue(self) -> Catalogue:
        """Return the items."""
        released = np.zeros(len(self.topic), np.int32)
        return Catalogue(self.topic, self.quality, released, self.factors, self.known.shape[1])

    def population(self, settings: PopulationSettings, known_from: float, seed: int) -> Population:
        """Return users resampled from the people seen, each with a base rate drawn from the person's own posterior.

        lambda0 ~ Gamma(r + days active, alpha + days watched), the conjugate update of Gamma(r, alpha) under a
        Poisson count of days.

        Args:
            settings: how many users, and the prior Gamma(r, alpha).
            known_from: repertoire from which a topic counts as known, in (0, 1).
            seed: what the draws depend on.
        """
        first_day = arrivals(settings, seed)
        n = len(first_day)
        cohort = draw_cohorts(settings, n, seed)
        person = generator(seed, "people").integers(len(self.taste), size=n)
        shape = settings.rate_shape + self.days_active[person]
        scale = 1.0 / (settings.rate_scale_days + self.days_watched[person])
        rate = generator(seed, "rates").gamma(shape, scale) * cohort_factor(settings, cohort, "rate")
        return Population(
            taste=self.taste[person],
            base_rate=rate.astype(np.float32),
            known=self.known[person],
            first_day=first_day,
            cohort=cohort,
            cohorts=tuple(c.name for c in settings.cohorts),
            factor_of=dynamics_factors(settings, cohort),
            days_before=self.days_active[person].astype(np.float32),
            known_from=known_from,
        )
