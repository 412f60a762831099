"""Information-directed sampling: give up clicks now only where much is learned for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.cards import CHOICE_MODEL, StrategyCard
from serendip.agents.slates.choices import DoubtSettings, drawn_weights, require_choices, shelves
from serendip.agents.slates.filling import Shelves, fill_hedged, fill_top
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator.interface import Floats, Ints
from serendip.simulator.ranges import Range, check_ranges

_NOTHING = 1e-12  # nats that anything tells
_PARTS = 256  # of the probability of a slate: the last bits of a belief, which a replay may round otherwise, move none


@dataclass(frozen=True, slots=True)
class InformationDirectedSettings(DoubtSettings):
    """Settings of information-directed sampling.

    Attributes:
        draws: joint hypotheses S that regret and information are taken over.
    """

    draws: Annotated[int, Range(least=2, most=10_000)] = 8

    def __post_init__(self) -> None:
        check_ranges(self, "strategy 'information-directed'")


class InformationDirected:
    """The two slates, and how often to play each, that give the least (expected regret)^2 / information.

    Candidates are the best slate by the mean, the hedged one, and the best under each of S joint draws.  The regret of
    a slate is the chance of a click that is lost on it, against the best slate of each draw; its information is what
    the click, or that there is none, tells in nats of which draw is true.  The best mixture needs no more than two
    slates.  Russo & Van Roy (2014), "Learning to optimize via information-directed sampling", eq. 4 and proposition 6.
    """

    steady: ClassVar[bool] = False

    def __init__(self, settings: InformationDirectedSettings) -> None:
        self.settings = settings

    def candidates(self, posterior: Posterior, ranker: Ranker, luck: Luck) -> tuple[Ints, Floats]:
        """Return (B, 2, L) two slates, and (B, 2) the probability of each."""
        choices, chosen = require_choices(posterior, "information-directed"), self.settings
        weights = drawn_weights(choices, chosen, ranker, chosen.draws, luck)  # (B, S, G)
        shelf = shelves(choices, ranker, chosen.item_width, luck)
        looks = choices.examination(ranker.slate_size)
        slates = _slates(weights, shelf, looks, choices.outside)  # (B, C, L)
        pull = shelf.pull[shelf.order[:, None, None], slates] * looks
        shown = np.take_along_axis(weights[:, :, None, :], choices.groups[slates][:, None], axis=3) * pull[:, None]
        outcomes = chances(shown, choices.outside)  # (B, S, C, L + 1)
        first, second, share = best_pair(*regret_and_information(outcomes))
        rows = np.arange(len(slates))
        pair = np.stack([slates[rows, first], slates[rows, second]], axis=1)
        return pair, np.stack([share, 1.0 - share], axis=1)


def _slates(weights: Floats, shelf: Shelves, looks: Floats, outside: float) -> Ints:
    """Return (B, S + 2, L) the slates that are compared.

    Args:
        weights: (B, S, G) of the groups under each draw.
        shelf: the items by group.
        looks: (L,) gamma.
        outside: e^x0.
    """
    n_visits, n_draws, n_groups = weights.shape
    mean, hedged = np.empty((2, n_visits, len(looks)), dtype=np.int64)
    each = np.empty((n_visits * n_draws, len(looks)), dtype=np.int64)
    fill_top(weights.mean(axis=1), shelf, mean)
    fill_hedged(weights, np.ones((n_visits, n_groups)), shelf, looks, outside, hedged)
    fill_top(weights.reshape(len(each), n_groups), shelf.repeated(n_draws), each)
    return np.concatenate([mean[:, None], hedged[:, None], each.reshape(n_visits, n_draws, -1)], axis=1)


def chances(shown: Floats, outside: float) -> Floats:
    """Return (..., L + 1) the probability of a click on each slot, and of none, from weights `shown` (..., L)."""
    total = outside + shown.sum(axis=-1, keepdims=True)
    return np.concatenate([shown, np.full_like(total, outside)], axis=-1) / total


def regret_and_information(outcomes: Floats) -> tuple[Floats, Floats]:
    """Return (B, C) the expected regret of each slate, and what its outcome tells of which draw is true, in nats.

    Args:
        outcomes: (B, S, C, L + 1) probabilities under each draw, that of no click last.
    """
    clicked = 1.0 - outcomes[..., -1]  # (B, S, C)
    regret = (clicked.max(axis=2, keepdims=True) - clicked).mean(axis=1)
    mean = outcomes.mean(axis=1, keepdims=True)
    information = (outcomes * np.log(outcomes / mean)).sum(axis=3).mean(axis=1)
    return regret, np.maximum(information, 0.0)


def best_pair(regret: Floats, information: Floats) -> tuple[Ints, Ints, Floats]:
    """Return for each row two columns, and how often to take the first, of the least squared regret per information.

    (a + b q)^2 / (c + d q), with a and c those of the second column, b and d what the first has more, is convex in q
    and least at q = a / b - 2 c / d or at an end; q is rounded to 1 / 256.

    Args:
        regret: (B, C), 0 or more.
        information: (B, C) nats.
    """
    other, told = regret[:, None, :], information[:, None, :] + _NOTHING  # of the second column
    more, more_told = regret[:, :, None] - other, information[:, :, None] + _NOTHING - told
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.clip(np.nan_to_num(other / more - 2.0 * told / more_told, posinf=1.0, neginf=0.0), 0.0, 1.0)
    inside = np.round(inside * _PARTS) / _PARTS
    tried = np.stack([np.ones_like(inside), inside, np.zeros_like(inside)], axis=1)  # (B, 3, C, C)
    ratio = (other[:, None] + more[:, None] * tried) ** 2 / (told[:, None] + more_told[:, None] * tried)
    n = regret.shape[1]
    best = ratio.reshape(len(regret), -1).argmin(axis=1)
    share = tried.reshape(len(regret), -1)[np.arange(len(regret)), best]
    first, second = best // n % n, best % n
    return first, second, share


CARD = StrategyCard(
    name="information-directed",
    summary="Gives up a click now only where a slate tells much of what the user likes.",
    make=InformationDirected,
    settings=InformationDirectedSettings(),
    belief="choice-mixture",
    needs=(CHOICE_MODEL,),
)
