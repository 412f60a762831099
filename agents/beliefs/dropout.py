"""Monte-Carlo dropout: what a denoising model would say, had it seen less of the user.

A denoising autoencoder learns with clicks of its input dropped.  Each dropout mask is one hypothesis,

    f_s = decode(encode(x * m_s / (1 - p))),  m_si ~ Bernoulli(1 - p) for each click i of the input x,

and the spread of the scores over masks is the doubt.  It is a doubt of the user alone, and it goes with the clicks: of
a user without any, and of what no network weight speaks for, it knows nothing.  Gal & Ghahramani (2016), "Dropout as a
Bayesian approximation: representing model uncertainty in deep learning", section 4, with dropout of the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Protocol, runtime_checkable

import numpy as np
import scipy.sparse

from serendip.agents.beliefs.belief import Luck, Situation, sampled_moments
from serendip.agents.beliefs.decoded import Decoded, DecodingModel
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models import layers
from serendip.agents.models.model import Arrays, Model, Sparse
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges


@runtime_checkable
class DenoisingModel(Model, DecodingModel, Protocol):
    """An autoencoder that learns with clicks of its input dropped, and has a decoder made of layers."""

    @property
    def input_dropout(self) -> float:
        """Probability that learning drops a click of the input and scales the others up; 0 where it does not."""
        ...

    def code(self, inputs: Sparse) -> Singles:
        """Return (B, d) codes of `inputs` as the encoder is given them; a row does not depend on the others."""
        ...


@dataclass(frozen=True, slots=True)
class DropoutSettings:
    """Settings of Monte-Carlo dropout.

    Attributes:
        probability: how likely a click is dropped, in (0, 1); None: as likely as when the model learns.
        moment_draws: masks behind a standard deviation of the scores.
    """

    probability: Annotated[float, Range(above=0, below=1)] | None = None
    moment_draws: Annotated[int, Range(least=1, most=10_000)] = 16

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'dropout'")


class Dropout:
    """Is unsure of the user: scores are those of a denoising model that some of the user's clicks are hidden from."""

    factored: ClassVar[bool] = True

    def __init__(self, settings: DropoutSettings, model: Model) -> None:
        if not isinstance(model, DenoisingModel):
            raise SettingsError("the belief 'dropout' is about a denoising model, such as 'mult-dae' or 'mult-vae'")
        self.probability = model.input_dropout if settings.probability is None else settings.probability
        if self.probability == 0.0:
            raise SettingsError(
                "the belief 'dropout' is about a model that learns with clicks dropped alike, such as 'mult-dae', and "
                "this one does not; choose another, its dropout above 0, or the belief's probability"
            )
        self.settings = settings
        self.model = model

    def update(self, history: History, items: Items) -> None:
        """Go on fitting the model to all that was seen."""
        self.model.fit(history.interactions())

    def posterior(self, situation: Situation) -> DropoutPosterior:
        """Return what the model says of each user with clicks dropped."""
        inputs = layers.normalised(situation.clicks)
        return DropoutPosterior(self.model, inputs, self.probability, self.settings.moment_draws)

    def arrays(self) -> Arrays:
        """Return what the model learned."""
        return self.model.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.model.restore(arrays)


@dataclass(frozen=True)
class DropoutPosterior(Decoded[DenoisingModel]):
    """Scores of B users under masks of their clicks.

    Attributes:
        model: encodes and decodes what is left.
        inputs: (B, M) CSR of what the encoder is given of all clicks.
        probability: that one is dropped.
        moment_draws: masks behind a standard deviation.
    """

    model: DenoisingModel
    inputs: Sparse
    probability: float
    moment_draws: int

    @cached_property
    def owners(self) -> Ints:
        """(n_clicks,) the row of each click."""
        return np.repeat(np.arange(self.inputs.shape[0]), np.diff(self.inputs.indptr))

    @property
    def n_hypotheses(self) -> None:
        """Masks are too many to be counted."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) scores of the whole input, the mean over masks where the network is linear."""
        return self.model.decode(self.model.code(self.inputs))

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviation of the scores over a few masks."""
        return sampled_moments(self, luck.of("moments"), self.moment_draws)[1]

    def vectors(self, index: int, luck: Luck) -> Singles:
        """Return (B, d) codes of what one mask a visit leaves of the clicks, drawn anew for each index."""
        clicks = self.inputs.indices
        kept = luck.of("dropout", index).uniforms_at(self.owners, clicks) >= self.probability
        data = np.where(kept, self.inputs.data / np.float32(1.0 - self.probability), np.float32(0.0))
        left = scipy.sparse.csr_array((data, clicks, self.inputs.indptr), shape=self.inputs.shape)
        return self.model.code(left)


def made(making: Making) -> Dropout:
    """Return a belief that has learned nothing yet."""
    return Dropout(making.settings, making.new_model())


CARD = BeliefCard(
    name="dropout",
    summary="What a denoising model would say had it seen less of the user: doubts that cost no more learning.",
    make=made,
    settings=DropoutSettings(),
    needs=("a model that learns with clicks dropped",),
    model="mult-dae",
    small={"moment_draws": 4},
)
