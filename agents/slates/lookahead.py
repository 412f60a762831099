"""The knowledge gradient: show what is good now, and what it would pay to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import CHOICE_MODEL, StrategyCard
from serendip.agents.slates.choices import ChoicePosterior, Doubts, require_choices, shelves
from serendip.agents.slates.filling import fill_ahead
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class LookaheadSettings:
    """Settings of the knowledge gradient.

    Attributes:
        horizon: slates H that will profit from what is learned now; 0 is greed.
        tilt: the horizon falls with the user's visits so far as (1 + visits)^-tilt: below 0 it rises.
        doubts: whose doubts are resolved: the visitor's own; as a control, those about other topics, about any other
            user or one who saw about as many slates, or the same doubt about all topics (`noise`).
        item_width: factor on the deviations of items' qualities, by which items of one topic take turns.
    """

    horizon: Annotated[float, Range(least=0)] = 10.0
    tilt: Annotated[float, Range(least=-2, most=2)] = 0.0
    doubts: Doubts = "own"
    item_width: Annotated[float, Range(least=0)] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'lookahead'")


class Lookahead:
    """The largest scores w + H p (1 - p) gamma w1 / (e^x0 + Sigma) times what one liked topic more adds to a slate.

    p is the chance that the user likes the topic.  Frazier, Powell & Dayanik (2008), "A knowledge-gradient policy for
    sequential information collection", one step ahead, with the choice model's own value of a slate.
    """

    steady: ClassVar[bool] = True

    def __init__(self, settings: LookaheadSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, None]:
        """Return (B, 1, L) the one slate."""
        choices = require_choices(posterior, "lookahead")
        chance, liked = self._prospects(choices, luck)
        mean: Floats = np.exp(choices.level().astype(np.float64))
        horizon = np.full(len(mean), self.settings.horizon)
        if self.settings.tilt != 0.0:
            horizon = horizon * (1.0 + ranker.situation.n_visits) ** -self.settings.tilt
        shelf = shelves(choices, ranker, self.settings.item_width, luck)
        out = np.empty((len(mean), ranker.slate_size), dtype=np.int64)
        looks, appetite = choices.examination(ranker.slate_size), choices.appetite
        fill_ahead(
            mean * appetite, liked * appetite, chance, horizon, shelf,
            looks, choices.outside, out,
        )  # fmt: skip
        return out[:, None, :], None

    def _prospects(self, choices: ChoicePosterior, luck: Luck) -> tuple[Floats, Floats]:
        """Return (B, G) the chances that groups are liked, and weights if so, of whom the settings say."""
        doubts = self.settings.doubts
        if doubts in ("users", "like-users"):
            return choices.strangers(luck, alike=doubts == "like-users").prospects()
        chance, liked = choices.prospects()
        if doubts == "topics":
            order = np.argsort(luck.of("topics").uniforms(chance.shape[1]), axis=1, kind="stable")
            return np.take_along_axis(chance, order, axis=1), np.take_along_axis(liked, order, axis=1)
        if doubts == "noise":
            mean = (chance * (1.0 - chance)).mean(axis=1, keepdims=True)
            return np.broadcast_to(0.5 - np.sqrt(0.25 - mean), chance.shape).copy(), liked
        return chance, liked


CARD = StrategyCard(
    name="lookahead",
    summary="Shows what is good now or would be good to know: one step ahead over the slates to come.",
    make=Lookahead,
    settings=LookaheadSettings(),
    belief="choice-mixture",
    needs=(CHOICE_MODEL,),
)
