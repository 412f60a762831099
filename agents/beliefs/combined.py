"""All that is not known, together: several autoencoders, each unsure of its user and of its items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from serendip.agents.beliefs.belief import Luck, Situation, sampled_moments
from serendip.agents.beliefs.ensemble import Weighting, reweighted
from serendip.agents.beliefs.laplace_items import (
    DecoderModel,
    LaplaceItems,
    LaplaceItemsPosterior,
    LaplaceItemsSettings,
)
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays, Interactions, Sparse
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class CombinedSettings:
    """Settings of an ensemble of autoencoders.

    Attributes:
        members: number of autoencoders K, each trained on its own bootstrap of the events.
        weights: distribution of an event's weight; both have mean 1 and variance 1.
        item_side: a Laplace posterior of each member's last layer, or rows held to a random prior of the member's own.
        item_temperature: factor on the standard deviation of a Laplace posterior.
        user_temperature: factor on the standard deviation of the user's latent vector, whom the members disagree on
            already; 0: the user is taken as known.
        moment_draws: how many draws a standard deviation of the scores is taken from.
    """

    members: Annotated[int, Range(least=1, most=1_000)] = 3
    weights: Weighting = "exponential"
    item_side: Literal["laplace", "randomised-prior"] = "laplace"
    item_temperature: Annotated[float, Range(least=0)] = 0.8
    user_temperature: Annotated[float, Range(least=0)] = 0.5
    moment_draws: Annotated[int, Range(least=1, most=10_000)] = 24

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'combined'")


class Combined:
    """An ensemble of autoencoders, each with a posterior of its latent vector and of its last layer."""

    def __init__(self, settings: CombinedSettings, new_model: Callable[[int], DecoderModel], seed: int) -> None:
        self.settings = settings
        self.seed = seed
        own = LaplaceItemsSettings(settings.item_temperature, settings.user_temperature)
        self.members = [LaplaceItems(own, new_model(member)) for member in range(settings.members)]

    def update(self, history: History, items: Items) -> None:
        """Fit every member to its own view of what was seen."""
        data, chosen = history.interactions(), self.settings
        for number, member in enumerate(self.members):
            clicks = self._view(data.clicks, history.user_ids, number)
            anchor = randomness.derive(self.seed, "prior", number) if chosen.item_side == "randomised-prior" else None
            member.learn(Interactions(clicks, data.exposures), anchor)

    def posterior(self, situation: Situation) -> CombinedPosterior:
        """Return what each member says of all visits."""
        parts = list[LaplaceItemsPosterior]()
        for number, member in enumerate(self.members):
            seen = Situation(situation.visits, situation.history, situation.items)
            seen.clicks = self._view(situation.clicks, situation.visits.user_ids, number)
            parts.append(member.posterior(seen))
        return CombinedPosterior(parts, self.settings.moment_draws)

    def arrays(self) -> Arrays:
        """Return what every member learned."""
        arrays = Arrays()
        for number, member in enumerate(self.members):
            arrays |= with_prefix(f"member{number}", member.arrays())
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        for number, member in enumerate(self.members):
            member.restore(without_prefix(f"member{number}", arrays))

    def _view(self, clicks: Sparse, user_ids: Ints, number: int) -> Sparse:
        """Return a member's weights of the clicks; one autoencoder alone has no reason to doubt an event."""
        if self.settings.members == 1:
            return clicks
        return reweighted(clicks, user_ids, self.settings.weights, randomness.derive(self.seed, "events"), number)


@dataclass(frozen=True, slots=True)
class CombinedPosterior:
    """A mixture, in equal parts, of what the members say.

    Attributes:
        parts: the members' posteriors.
        moment_draws: draws behind a mean or a standard deviation.
    """

    parts: list[LaplaceItemsPosterior]
    moment_draws: int

    @property
    def n_hypotheses(self) -> None:
        """Hypotheses are a continuum."""
        return

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) mean over the members of their scores at the mean."""
        return np.asarray(sum(part.mean(luck) for part in self.parts) / np.float32(len(self.parts)), np.float32)

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviation of the scores over a few draws."""
        return sampled_moments(self, luck.of("moments"), self.moment_draws)[1]

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores of one member; draws take turns from a member that is a matter of luck."""
        n = len(self.parts)
        member = (luck.of("member").below(n) + index) % n
        out = np.empty((len(luck.visits), self.parts[0].rows.mean.shape[1]), dtype=np.float32)
        for number, part in enumerate(self.parts):
            mine = np.flatnonzero(member == number)
            if len(mine):
                out[mine] = part.at(mine).draw(index, Luck(luck.key, luck.visits.rows(mine)))
        return out


def made(making: Making) -> Combined:
    """Return a belief that has learned nothing yet."""
    return Combined(making.settings, making.new_model, making.seed)


CARD = BeliefCard(
    name="combined",
    summary="Several autoencoders, each unsure of its user and of its items: all that is not known, together.",
    make=made,
    settings=CombinedSettings(),
    needs=("a model with a Gaussian of the user's latent vector",),
    model="mult-vae",
    small={"members": 2, "moment_draws": 4},
)
