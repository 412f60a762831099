"""What is believed of each user's vector over factors, as the slates come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from serendip.agents.beliefs.choice.items import OUTSIDE, Shelf, Told
from serendip.agents.beliefs.choice.rows import UserRows
from serendip.agents.beliefs.choice.tastes import FAMILIAR, FIRST_RATE, FORGETTING, RECENCY, slate_arrays
from serendip.agents.beliefs.vectors.arrays import Sums, VectorArrays, VectorScene
from serendip.agents.beliefs.vectors.crowd import Crowd, Priors
from serendip.agents.beliefs.vectors.filter import take_in
from serendip.agents.beliefs.vectors.loadings import Loadings
from serendip.agents.beliefs.vectors.refit import refit
from serendip.agents.event_log import Shown
from serendip.simulator.interface import Bools, Floats, Singles, SmallInts


@dataclass(slots=True)
class Vectors(UserRows):
    """Of n users, by row of the history: a Gaussian for each persona, all of one covariance.

    Attributes:
        mean: (n, C, d) float32 of theta under each persona.
        covariance: (n, d, d) float32.
        share: (n, C) probability of each persona.
        chosen: (n, d) whether the user clicked something of the factor before the log, unasked.
        seen: (n,) slates.
        fill: (n, d) satiation on the morning of `last_day`, or later that day.
        last_day: (n,) the last day of a slate.
        known: (n, d) familiarity in [0, 1] by the user's own clicks, on `last_day`.
        rate: (n,) visits per day, recent ones counting most, on `last_day`.
    """

    mean: Singles
    covariance: Singles
    share: Floats
    chosen: Bools
    seen: SmallInts
    fill: Floats
    last_day: SmallInts
    known: Floats
    rate: Floats

    @classmethod
    def unknown(cls, crowd: Crowd, n: int) -> Self:
        """Return what is believed of n users of whom nothing was seen."""
        n_personas, d = crowd.mean.shape
        return cls(
            mean=np.broadcast_to(crowd.mean.astype(np.float32), (n, n_personas, d)).copy(),
            covariance=np.broadcast_to(crowd.covariance.astype(np.float32), (n, d, d)).copy(),
            share=np.broadcast_to(crowd.weight, (n, n_personas)).copy(),
            chosen=np.zeros((n, d), dtype=bool),
            seen=np.zeros(n, dtype=np.int32),
            fill=np.zeros((n, d)),
            last_day=np.zeros(n, dtype=np.int32),
            known=np.zeros((n, d)),
            rate=np.full(n, FIRST_RATE),
        )

    def with_users(self, n: int, crowd: Crowd) -> Self:
        """Return the same with the users up to row n."""
        return self if n <= len(self) else self.followed_by(self.unknown(crowd, n - len(self)))

    @property
    def centre(self) -> Floats:
        """(n, d) means of the users' vectors."""
        return np.einsum("nc,ncd->nd", self.share, self.mean.astype(np.float64))

    def take_in(self, shown: Shown, scene: VectorScene, told: Told) -> None:
        """Let slates change what is believed of those who saw them; add what they tell of items to `told`."""
        if len(shown):
            nothing = np.zeros((0, 0))
            sums = Sums(told.items, told.positions, told.effect, nothing, nothing)
            take_in(self.view(), scene, slate_arrays(shown), sums)

    def view(self) -> VectorArrays:
        """Return the arrays as compiled loops take them."""
        return VectorArrays(*(getattr(self, name) for name in VectorArrays._fields))


def read_anew(
    shown: Shown, crowd: Crowd, priors: Priors, scene: VectorScene, centre: Floats, steps: int
) -> tuple[Vectors, Told, Floats, Floats]:
    """Return what all slates tell of n users, of items and positions, and (M, d) slopes and bends of loadings.

    Args:
        shown: slates, user after user.
        crowd: who users are of whom nothing was seen.
        priors: who these are, before their slates.
        scene: what is known of items and choice.
        centre: (n, d) where the likelihood is expanded first.
        steps: of Newton's method.
    """
    vectors = Vectors.unknown(crowd, len(centre))
    told = Told.nothing(len(scene.about.index), len(scene.examination))
    toward, bend = np.zeros((2, len(scene.about.index), centre.shape[1]))
    sums = Sums(told.items, told.positions, told.effect, toward, bend)
    refit(vectors.view(), scene, slate_arrays(shown), *priors.told(), centre.copy(), steps, sums)
    return vectors, told, toward, bend


def vector_scene(loadings: Loadings, shelf: Shelf, fading: Floats) -> VectorScene:
    """Return what is taken as known while users are learned."""
    return VectorScene(
        loadings.view(),
        np.exp(shelf.examination),
        shelf.pull,
        float(shelf.effect[0]),
        fading,
        float(np.exp(OUTSIDE)),
        FORGETTING,
        FAMILIAR,
        RECENCY,
    )
