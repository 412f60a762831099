"""How strongly weights speak against a mean of 1: what a gambler who bets against it would have won.

A weight that is never negative and whose mean, given all that came before, is 1 makes a fair game: the product of
1 + bet (w - 1) over decisions is, on average, 1, however decisions depend on each other and however few they are.  So
by Markov's inequality it reaches 1 / alpha with a probability of at most alpha, and so does the mean of several such
products.  No normal theory is needed, which is wrong for the rare and large weights of seldom exploration.
Waudby-Smith & Ramdas (2024), "Estimating means of bounded random variables by betting", section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from serendip.simulator.interface import Bools, Floats, Ints

ALPHA = 1e-3  # probability that an audit of a right log finds anything
_BETS = 2.0 ** -np.arange(1, 17)  # shares of what can be lost that are put on a mean that is not 1
_LEAST = 1e-3  # the excess of the largest weight over 1, below which it is taken to be this
_STEPS = 12  # of bisection, of the size of an error that would be seen
_ENOUGH = 200_000  # weights from which that size is found; of more, a share of them
MOST = 16.0  # the largest factor that is tried


def sums(group: Ints, values: Floats, n_groups: int = 0) -> Floats:
    """Return (G,) sums of `values` (n,) by group; as many as there are groups, or `n_groups`."""
    return np.bincount(group, values, n_groups).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Weights of decisions, in G groups; those that are 0 may be left out.

    Attributes:
        weight: (n,) at least 0, of mean 1 where propensities are right.
        group: (n,) group of each, from 0.
        decisions: (G,) decisions of each group, those included that are left out because they are 0.
        largest: (G,) what no weight of a group exceeds; infinite where that is unknown.
    """

    weight: Floats
    group: Ints
    decisions: Floats
    largest: Floats

    def scaled(self, by: Floats) -> Weighed:
        """Return the weights multiplied by a factor for each group (G,)."""
        return Weighed(self.weight * by[self.group], self.group, self.decisions, self.largest)

    def means(self) -> Floats:
        """Return (G,) mean weight of each group."""
        return sums(self.group, self.weight, len(self.decisions)) / np.maximum(self.decisions, 1.0)

    def off(self) -> Floats:
        """Return (G,) by how many standard errors the mean weight of each group is off, by normal theory."""
        n = np.maximum(self.decisions, 1.0)
        squares = sums(self.group, self.weight**2, len(self.decisions)) / n
        mean = self.means()
        return (mean - 1.0) / np.sqrt(np.maximum(squares - mean**2, 1e-12) / n)


def evidence(weighed: Weighed) -> tuple[Floats, Floats]:
    """Return (G,) log evidence that the mean weight is above 1, and that it is below 1.

    Exceeding log(1 / alpha) has a probability of at most alpha where the mean is 1.  That it is below 1 can only be
    bet on where the largest weight is known; else that evidence is minus infinity.
    """
    n, group = len(weighed.decisions), weighed.group
    above, below = np.empty((len(_BETS), n)), np.empty((len(_BETS), n))
    least = 1.0 / np.maximum(weighed.largest - 1.0, _LEAST)  # (G,) 0 where the largest is unknown
    off = weighed.weight - 1.0
    for row, bet in enumerate(_BETS):
        won = sums(group, np.log1p(bet * off) - np.log1p(-bet), n)
        above[row] = won + weighed.decisions * np.log1p(-bet)
        lay = bet * least
        log = np.log(np.maximum(1.0 - lay[group] * off, 1e-12)) - np.log1p(lay)[group]
        below[row] = sums(group, log, n) + weighed.decisions * np.log1p(lay)
    found: Any = [logsumexp(each, axis=0) - np.log(len(_BETS)) for each in (above, below)]
    return found[0], np.where(np.isfinite(weighed.largest), found[1], -np.inf)


def needed(share: float, n_groups: int) -> float:
    """Return the log evidence that condemns one of `n_groups`, of a family that may raise `share` of false alarms."""
    return float(np.log(2.0 * max(n_groups, 1) / (share * ALPHA)))  # 2: above and below


def visible(weighed: Weighed, enough: float) -> tuple[Floats, Floats]:
    """Return (G,) factors by which propensities would have to be too small, and too large, for evidence to be enough.

    The weights of the log itself are made larger and smaller until there is enough; infinite above `MOST`.
    """
    found = list[Floats]()
    step = -(-len(weighed.weight) // _ENOUGH)
    if step > 1:
        kept = weighed.weight[::step], weighed.group[::step]
        weighed, enough = Weighed(*kept, weighed.decisions / step, weighed.largest), enough / step
    for side, sign in ((0, 1.0), (1, -1.0)):
        low, high = np.zeros(len(weighed.decisions)), np.full(len(weighed.decisions), np.log(MOST))
        seen = evidence(weighed.scaled(np.exp(sign * high)))[side] >= enough
        for _ in range(_STEPS):
            middle = 0.5 * (low + high)
            shown = evidence(weighed.scaled(np.exp(sign * middle)))[side] >= enough
            low, high = np.where(shown, low, middle), np.where(shown, middle, high)
        found.append(np.where(seen, np.exp(high), np.inf))
    return found[0], found[1]


def shown(weighed: Weighed, enough: float, factor: float) -> Bools:
    """Return (G,) whether propensities too small, or too large, by a factor would give enough evidence."""
    by = np.full(len(weighed.decisions), factor)
    above, below = evidence(weighed.scaled(by))[0], evidence(weighed.scaled(1.0 / by))[1]
    return (above >= enough) | (below >= enough)
