"""A variational autoencoder that knows what it does not know of its items, and of its user if asked to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Protocol

import numpy as np

from serendip.agents.beliefs.belief import Luck, Situation, sampled_moments
from serendip.agents.beliefs.last_layer import ItemRows, Split, item_rows
from serendip.agents.beliefs.latent import LatentModel, require_latent
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays, Interactions
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges


class DecoderModel(LatentModel, Protocol):
    """A latent model that says whether its likelihood is of what was shown alone."""

    settings: Any


@dataclass(frozen=True, slots=True)
class LaplaceItemsSettings:
    """Settings of the posterior of a decoder's last layer.

    Attributes:
        item_temperature: factor on the standard deviation of the items' rows.
        user_temperature: factor on the standard deviation of the user's latent vector; 0: the user is taken as known.
        moment_draws: how many draws a standard deviation of the scores is taken from where the user is not known.
    """

    item_temperature: Annotated[float, Range(least=0)] = 1.0
    user_temperature: Annotated[float, Range(least=0)] = 0.0
    moment_draws: Annotated[int, Range(least=1, most=10_000)] = 16

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'laplace-items'")


class LaplaceItems:
    """Is unsure of the items, most of those that were shown least: a Laplace posterior of the decoder's last layer.

    Where the model's likelihood is over what was shown (`exposed_only`), what never was is as uncertain as its prior.
    """

    def __init__(self, settings: LaplaceItemsSettings, model: DecoderModel) -> None:
        require_latent("laplace-items", model)
        self.settings = settings
        self.model = model
        self.rows = ItemRows.certain(np.zeros((0, 0), dtype=np.float32))

    def update(self, history: History, items: Items) -> None:
        """Go on fitting the model to all that was seen, and see how much that said of each item."""
        self.learn(history.interactions())

    def learn(self, data: Interactions, anchor: int | None = None) -> None:
        """Fit the model and its rows to `data`; with `anchor`, the rows of one hypothesis with that prior of its own.

        Args:
            data: clicks and exposures.
            anchor: key of the random prior.
        """
        self.model.fit(data)
        split = Split.of(self.model.parameters)
        shown = data.exposures if self.model.settings.exposed_only else None
        features = split.features(self.model.encode(data.clicks)[0])
        noise: Floats | None = None
        if anchor is not None:
            noise = randomness.generator(anchor, "rows").standard_normal(split.last.shape)
        self.rows = item_rows(features, split.last, data.clicks, shown, noise)

    def posterior(self, situation: Situation) -> LaplaceItemsPosterior:
        """Return what is believed of each item for each user."""
        mean, std = self.model.encode(situation.clicks)
        return LaplaceItemsPosterior(self.rows, Split.of(self.model.parameters), mean, std, self.settings)

    def arrays(self) -> Arrays:
        """Return what the model learned, and the rows."""
        return with_prefix("model", self.model.arrays()) | with_prefix("rows", self.rows.arrays())

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self.model.restore(without_prefix("model", arrays))
        self.rows = ItemRows(**without_prefix("rows", arrays))


@dataclass(frozen=True)
class LaplaceItemsPosterior:
    """Scores phi . w_i with Gaussian rows w_i, and a Gaussian latent vector where the user is not taken as known.

    Given the latent vector the score of an item is Gaussian, and independent of the others': it is drawn itself, not
    the row, which is the same in distribution (Kingma, Salimans & Welling 2015, "local reparameterisation").

    Attributes:
        rows: posterior of the last layer.
        split: the decoder.
        location: (B, latent) mean of the users' latent vectors.
        std: (B, latent) their standard deviation.
        settings: settings of the belief.
    """

    rows: ItemRows
    split: Split
    location: Singles
    std: Singles
    settings: LaplaceItemsSettings

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def at(self, visits: Ints) -> LaplaceItemsPosterior:
        """Return what is believed at some of the visits alone."""
        return replace(self, location=self.location[visits], std=self.std[visits])

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) scores at the mean."""
        return self._known[0]

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviation of the scores: in closed form where the user is taken as known."""
        if self.settings.user_temperature == 0.0:
            return np.float32(self.settings.item_temperature) * np.sqrt(self._known[1])
        return sampled_moments(self, luck.of("moments"), self.settings.moment_draws)[1]

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores of one kind of user and one set of rows, drawn anew for each visit and index."""
        mean, variance = (
            self._known if self.settings.user_temperature == 0.0 else self._moments(self._user(index, luck))
        )
        noise = luck.of("items", index).rough_normals(mean.shape[1])
        return np.asarray(mean + np.float32(self.settings.item_temperature) * np.sqrt(variance) * noise, np.float32)

    def _user(self, index: int, luck: Luck) -> Singles:
        """Return (B, latent) a latent vector of each user, drawn anew for each visit and index."""
        tempered = np.float32(self.settings.user_temperature) * self.std
        noise = luck.of("latent", index).normals(self.location.shape[1])
        return (self.location + tempered * noise).astype(np.float32)

    @cached_property
    def _known(self) -> tuple[Singles, Singles]:
        """(B, M) mean and variance of the scores of the users as they are expected to be."""
        return self._moments(self.location)

    def _moments(self, z: Singles) -> tuple[Singles, Singles]:
        return self.rows.scores(self.split.features(z))


def made(making: Making) -> LaplaceItems:
    """Return a belief that has learned nothing yet."""
    return LaplaceItems(making.settings, making.new_model())


CARD = BeliefCard(
    name="laplace-items",
    summary="An autoencoder that knows which items it knows little of: those that were never shown, most.",
    make=made,
    settings=LaplaceItemsSettings(),
    needs=("a model with a Gaussian of the user's latent vector",),
    model="mult-vae",
    small={"moment_draws": 4},
)
