"""The choice model without topics: a variational autoencoder says what users like, and slates correct it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.choice_factors import ChoiceFactors, ChoiceFactorsSettings
from serendip.agents.beliefs.vectors.autoencoder import Autoencoder, Seen
from serendip.agents.beliefs.vectors.crowd import Crowd, Priors, spread_about
from serendip.agents.cards import CHOICE_MODEL, BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Singles
from serendip.simulator.ranges import Range, check_ranges

_FITTED_AT_LENGTH = 3  # updates
_ENOUGH = 5  # slates of a user from which the network learns


@dataclass(frozen=True, slots=True)
class ChoiceVAESettings(ChoiceFactorsSettings):
    """Settings of an autoencoder of vectors over factors.

    Attributes:
        personas: guesses of each user's latent vector.
        latent: length of the latent vector.
        hidden: units of the hidden layer of encoder and decoder.
        epochs: passes over the users in the first fits.
        warm_epochs: passes in later ones, which go on from the last.
        encoded: share of the guesses that the encoder makes; the others are those for a newcomer.
    """

    personas: Annotated[int, Range(least=2)] = 24
    latent: Annotated[int, Range(least=1)] = 16
    hidden: Annotated[int, Range(least=1)] = 64
    epochs: Annotated[int, Range(least=1)] = 20
    warm_epochs: Annotated[int, Range(least=1)] = 10
    encoded: Annotated[float, Range(above=0, below=1)] = 0.75

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'choice-vae'")


class ChoiceVAE(ChoiceFactors):
    """`ChoiceFactors` whose users come from a decoder: theta_u ~ N(mu(z_u), S), z_u ~ N(0, 1), in place of personas.

    The encoder reads what a user clicked and passed over, by factor, and guesses z.  Under every guess the vector is
    conditioned on the user's slates by the same Newton and Laplace steps, and guesses are weighed by how likely they
    make them, so that what the encoder misses is put right (semi-amortised inference; Kim et al. 2018, "Semi-amortized
    variational autoencoders").  Encoder and decoder learn from the choice model of what was shown: the likelihood of
    all of a user's slates, expanded at the mode, with what is the user's own integrated out.
    """

    settings: ChoiceVAESettings

    def __init__(self, settings: ChoiceVAESettings, n_items: int, seed: int) -> None:
        super().__init__(settings, n_items, seed)
        rng = randomness.generator(seed, "guesses")
        self._noise: Floats = rng.standard_normal((settings.personas, settings.latent))
        level, first = float(self.crowd.mean[0, 0]), randomness.derive(seed, "network") >> 1
        sizes = 2 * self.n_factors, settings.latent, settings.hidden, self.n_factors
        self.network = Autoencoder(*sizes, level, first)
        self.crowd = self._newcomers(self.crowd.covariance)
        self.forget()

    def priors(self, history: History) -> Priors:
        """Return what the encoder makes of the users of the history, before their slates are read."""
        features = self._features(history)
        mean, log_weight = self.network.proposals(features, self._noise, self.settings.encoded)
        return Priors(mean, log_weight, self.crowd.covariance)

    def read(self, history: History) -> None:
        """Take in what was shown since the last time; who is read from the beginning is guessed first."""
        begins = self._reading.begins(history)
        super().read(history)
        if begins and self.n_updates and self._reading.n:
            self._read_anew(history, 1)

    def learn_prior(self, history: History, key: int) -> None:
        """Teach encoder and decoder by what is believed of each user."""
        priors, rows = self.priors(history), np.flatnonzero(self.vectors.seen >= _ENOUGH)
        if len(rows) < 2:
            return
        v, own = self.vectors, Priors(priors.mean[rows], priors.log_weight[rows], priors.covariance)
        seen = Seen.of(self._features(history)[rows], own, v.mean[rows], v.covariance[rows], v.chosen[rows])
        at_length = self.n_updates < _FITTED_AT_LENGTH
        epochs = self.settings.epochs if at_length else self.settings.warm_epochs
        self.network.fit(seen, epochs, randomness.derive(key, "network") >> 1)
        wide = spread_about(own.mean, v.mean[rows], v.share[rows], v.covariance[rows])
        self.crowd = self._newcomers(wide)

    def _newcomers(self, covariance: Floats) -> Crowd:
        """Return the prior of users of whom nothing was seen: guesses drawn from N(0, 1)."""
        n = len(self._noise)
        return Crowd(np.full(n, 1.0 / n), self.network.newcomers(self._noise), covariance)

    def _features(self, history: History) -> Singles:
        """Return (n, 2 d) what an encoder reads of each user: log(1 + clicks) and log(1 + misses), by factor."""
        about = self.loadings.dense(self.n_factors)
        clicks = history.clicks.matrix(history.n_users)
        misses = history.exposures.matrix(history.n_users) - clicks
        return np.log1p(np.concatenate([clicks @ about, misses @ about], axis=1)).astype(np.float32)

    def arrays(self) -> Arrays:
        """Return what was learned, and what is believed of every user."""
        return super().arrays() | with_prefix("network", self.network.arrays())

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        super().restore(arrays)
        self.network.restore(without_prefix("network", arrays))


def made(making: Making) -> ChoiceVAE:
    """Return a belief that has learned nothing yet."""
    return ChoiceVAE(making.settings, making.items.n_items, making.seed)


CARD = BeliefCard(
    name="choice-vae",
    summary="The choice model on an autoencoder: it guesses what a user likes, and what was shown corrects it.",
    make=made,
    settings=ChoiceVAESettings(),
    gives=(CHOICE_MODEL,),
    small={"personas": 4, "factors": 5, "latent": 2, "hidden": 4, "epochs": 2, "warm_epochs": 1},
)
