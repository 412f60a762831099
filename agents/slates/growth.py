"""Slates for what a click brings later: a user who discovers more comes more often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.cards import CHOICE_MODEL, StrategyCard
from serendip.agents.slates.choices import ChoicePosterior
from serendip.agents.slates.hedged import Hedged, HedgedSettings
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class GrowthSettings(HedgedSettings):
    """Settings of the growth value; the effects are declared, as a fit to a log of the site may say them.

    Attributes:
        patience: weight of later clicks against those of now.
        discovery_effect: what a full repertoire adds to log activity, A.
        breadth_scale: breadth, in topics, at which that has reached 1 - 1/e of itself, R0.
        repertoire_days: days in which an unused topic is forgotten, tau_m.
        learning: share of the missing familiarity that a perfect click adds, rho.
        satisfaction_effect: what full satisfaction adds to log activity, B.
        disappointment: what a slate without a click is worth, negative, g0.
        slates_per_visit: slates to expect of a visit.
        clicks_per_slate: clicks to expect of a slate.
    """

    patience: Annotated[float, Range(least=0)] = 1.0
    discovery_effect: Annotated[float, Range(least=0)] = 2.6
    breadth_scale: Annotated[float, Range(above=0)] = 2.0
    repertoire_days: Annotated[float, Range(above=0)] = 60.0
    learning: Annotated[float, Range(least=0, most=1)] = 0.35
    satisfaction_effect: Annotated[float, Range(least=0)] = 2.5
    disappointment: Annotated[float, Range(least=0)] = 0.15
    slates_per_visit: Annotated[float, Range(least=1)] = 3.0
    clicks_per_slate: Annotated[float, Range(above=0)] = 0.8

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'growth'")


class Growth(Hedged):
    """Hedged slates in which a click on topic k counts 1 + patience (D_k + S_k).

    D = A (e^(-R / R0) - e^(-(R + rho (1 - m) g+) / R0)) tau_m c: what it adds to the logarithm of activity, while it is
    remembered, times c, the clicks a day of this user.  S = B (g + g0) times the clicks of a slate: the same of
    satisfaction.  g is what a click is worth on average, given that there was one; familiarity m, breadth R = sum_k m_k
    and the rate of visits are what the site has seen of the user.  The growth oracle's value, as a site can know it.
    """

    def value(self, choices: ChoicePosterior, ranker: Ranker) -> Floats:
        """Return (B, G) what a click on each group is worth, in clicks."""
        chosen = self.settings
        assert isinstance(chosen, GrowthSettings)
        known, rate = choices.familiarity, choices.rate[:, None]
        gain = mean_gain(choices, ranker)
        step = chosen.learning * (1.0 - known) * np.maximum(gain, 0.0)
        here = np.exp(-choices.breadth[:, None] / chosen.breadth_scale)
        wider = chosen.discovery_effect * here * -np.expm1(-step / chosen.breadth_scale)
        discovered = wider * chosen.repertoire_days * rate * chosen.slates_per_visit * chosen.clicks_per_slate
        pleased = chosen.satisfaction_effect * (gain + chosen.disappointment) * chosen.clicks_per_slate
        return np.maximum(1.0 + chosen.patience * (discovered + pleased), 1e-3)


def mean_gain(choices: ChoicePosterior, ranker: Ranker) -> Floats:
    """Return (B, G) E[tanh((theta + q) / 2) | click], by whether the group is liked, of the best item of each group."""
    row, item = np.nonzero(np.atleast_2d(ranker.available))
    quality = np.full((int(row.max(initial=0)) + 1, choices.appetite.shape[1]), -np.inf)  # (1 or B, G)
    np.maximum.at(quality, (row, choices.groups[item]), choices.quality[item])
    quality = np.where(np.isfinite(quality), quality, 0.0)
    chance, liked = choices.prospects()
    mean: Floats = np.exp(choices.level().astype(np.float64))
    share = np.clip(chance * liked / mean, 0.0, 1.0)  # of the clicks that come from who likes it
    other = np.maximum(mean - chance * liked, 1e-9) / np.maximum(1.0 - chance, 1e-9)
    pleased, indifferent = (np.tanh(0.5 * (np.log(weight) + quality)) for weight in (liked, other))
    return share * pleased + (1.0 - share) * indifferent


CARD = StrategyCard(
    name="growth",
    summary="Counts what a click brings later: topics discovered and pleasure make users come more often.",
    make=Growth,
    settings=GrowthSettings(width=0.0, draws=1, sets=1),
    belief="choice-mixture",
    epsilon=0.0,
    needs=(CHOICE_MODEL,),
)
