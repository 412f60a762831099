"""The posterior of a variational autoencoder over what kind of user this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from serendip.agents.beliefs.belief import Luck, Situation, sampled_moments
from serendip.agents.beliefs.decoded import Decoded, DecodingModel
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.free_inference import MultinomialVae, free_moments
from serendip.agents.models.model import Arrays, Model, Sparse
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Items, Singles
from serendip.simulator.ranges import Range, check_ranges


@runtime_checkable
class LatentModel(Model, DecodingModel, Protocol):
    """A model with a Gaussian posterior over a user's latent vector, and a decoder made of layers."""

    def encode(self, histories: Sparse) -> tuple[Singles, Singles]:
        """Return (B, d) mean and standard deviation of the latent vectors of B histories."""
        ...


def require_latent(belief: str, model: object) -> None:
    """Check that `model` has a Gaussian posterior of a user's latent vector, which the belief called `belief` is about.

    Raises:
        SettingsError: it has none.
    """
    if not isinstance(model, LatentModel):
        raise SettingsError(
            f"the belief {belief!r} is about the Gaussian that an encoder gives to a user's latent vector; choose the "
            "model 'mult-vae' or 'rec-vae'"
        )


@dataclass(frozen=True, slots=True)
class LatentSettings:
    """Settings of a latent posterior.

    Attributes:
        temperature: factor on the standard deviation of the latent vector; above 1 makes up for a beta below 1, which
            overstates certainty.
        moment_draws: how many draws a standard deviation of the scores is taken from, which has no closed form.
        inference: how a latent vector is found: as the encoder says, or by free parameters of each user, some steps up
            the evidence bound from there.
        free_steps: how many steps free inference takes.
    """

    temperature: Annotated[float, Range(least=0)] = 1.0
    moment_draws: Annotated[int, Range(least=1, most=10_000)] = 16
    inference: Literal["amortised", "free"] = "amortised"
    free_steps: Annotated[int, Range(least=1)] = 10

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'latent'")
        if self.temperature < 0.0 or self.moment_draws < 1:
            raise SettingsError("temperature must not be negative, and moment_draws be 1 or more")


class Latent:
    """Is unsure of the user: z ~ N(mean, temperature^2 std^2), and scores are decoded from z."""

    factored: ClassVar[bool] = True

    def __init__(self, settings: LatentSettings, model: LatentModel) -> None:
        require_latent("latent", model)
        if settings.inference == "free" and not isinstance(model, MultinomialVae):
            raise SettingsError(
                "free inference is about a multinomial likelihood and a normal prior; choose 'mult-vae'"
            )
        self.settings = settings
        self.model = model

    def update(self, history: History, items: Items) -> None:
        """Go on fitting the model to all that was seen."""
        self.model.fit(history.interactions())

    def posterior(self, situation: Situation) -> LatentPosterior:
        """Return what the model thinks of each user."""
        if self.settings.inference == "free" and isinstance(self.model, MultinomialVae):
            steps = self.settings.free_steps
            mean, std = free_moments(self.model, situation.clicks, situation.exposures, steps)
        else:
            mean, std = self.model.encode(situation.clicks)
        return LatentPosterior(self.model, mean, np.float32(self.settings.temperature) * std, self.settings)

    def arrays(self) -> Arrays:
        """Return what the model learned."""
        return self.model.arrays()

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.model.restore(arrays)


@dataclass(frozen=True, slots=True)
class LatentPosterior(Decoded[LatentModel]):
    """Independent Gaussians over the latent vectors of B users.

    Attributes:
        model: decodes them.
        location: (B, d) means.
        std: (B, d) standard deviations, tempered.
        settings: settings of the belief.
    """

    model: LatentModel
    location: Singles
    std: Singles
    settings: LatentSettings

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) scores at the mean."""
        return self.model.decode(self.location)

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviation of the scores over a few draws."""
        return sampled_moments(self, luck.of("moments"), self.settings.moment_draws)[1]

    def vectors(self, index: int, luck: Luck) -> Singles:
        """Return (B, d) latent vectors, drawn anew for each visit and index."""
        noise = luck.of("latent", index).normals(self.location.shape[1])
        return (self.location + self.std * noise).astype(np.float32)


def made(making: Making) -> Latent:
    """Return a belief that has learned nothing yet."""
    return Latent(making.settings, making.new_model())


CARD = BeliefCard(
    name="latent",
    summary="What kind of user this is, and how sure a variational autoencoder is of it: most unsure of newcomers.",
    make=made,
    settings=LatentSettings(),
    needs=("a model with a Gaussian of the user's latent vector",),
    model="mult-vae",
    small={"moment_draws": 4},
)
