"""How often each item is clicked when it is shown: a Beta-Bernoulli belief, pooled by topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import betaln, digamma, polygamma

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Items, Singles
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class ClickRatesSettings:
    """Settings of the belief about click rates.

    Attributes:
        of: who has a rate of its own: each item, or each topic.
        strength: weight of the prior, in exposures; an item's prior is centred on its topic's rate, a topic's on the
            overall one.  None: as strong as the rates are alike, by maximum likelihood (empirical Bayes).
    """

    of: Literal["item", "topic"] = "item"
    strength: Annotated[float, Range(above=0)] | None = None

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'click-rates'")


class ClickRates:
    """Rates that are the same for all users: Beta(strength * prior + clicks, strength * (1 - prior) + misses).

    Scores are log odds, which are taken to be Gaussian with the Beta's own mean, digamma(a) - digamma(b), and
    variance, trigamma(a) + trigamma(b).
    """

    def __init__(self, settings: ClickRatesSettings) -> None:
        self.settings = settings
        self._mean: Singles = np.zeros(0, dtype=np.float32)
        self._deviation: Singles = np.zeros(0, dtype=np.float32)

    def update(self, history: History, items: Items) -> None:
        """Count clicks and exposures."""
        clicks, shown = (t.item_totals.astype(np.float64) for t in (history.clicks, history.exposures))
        overall = (clicks.sum() + 1.0) / (shown.sum() + 2.0)
        topic = np.asarray(items.topic)
        of_topic = [np.bincount(topic, c, minlength=items.n_topics).astype(np.float64) for c in (clicks, shown)]
        a, b = self._posterior(of_topic[0], of_topic[1], np.full(items.n_topics, overall))
        if self.settings.of == "topic":
            a, b = a[topic], b[topic]
        else:
            a, b = self._posterior(clicks, shown, (a / (a + b))[topic])
        self._mean = (digamma(a) - digamma(b)).astype(np.float32)
        self._deviation = np.sqrt(polygamma(1, a) + polygamma(1, b)).astype(np.float32)

    def _posterior(self, clicks: Floats, shown: Floats, prior: Floats) -> tuple[Floats, Floats]:
        strength = self.settings.strength
        return beta_posterior(
            clicks, shown, prior, likeliest_strength(clicks, shown, prior) if strength is None else strength
        )

    def posterior(self, situation: Situation) -> GaussianPosterior:
        """Return the log odds, the same for all."""
        shape = (len(situation), len(self._mean))
        return GaussianPosterior(np.broadcast_to(self._mean, shape), np.broadcast_to(self._deviation, shape))

    def arrays(self) -> Arrays:
        """Return the log odds."""
        return {"mean": self._mean, "deviation": self._deviation}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        self._mean, self._deviation = arrays["mean"], arrays["deviation"]


def likeliest_strength(clicks: Floats, shown: Floats, prior: Floats) -> float:
    """Return the s in [1, 10,000] under which what was clicked is likeliest, rates being Beta(s prior, s (1 - prior)).

    The product over what was shown of B(s prior + clicks, s (1 - prior) + misses) / B(s prior, s (1 - prior)); 10 where
    nothing was shown.  Gelman et al. (2013), "Bayesian data analysis", section 5.3.
    """
    seen = shown > 0.0
    if not seen.any():
        return 10.0
    clicks, misses, prior = clicks[seen], np.maximum(shown - clicks, 0.0)[seen], prior[seen]

    def surprise(log_strength: float) -> float:
        a, b = np.exp(log_strength) * prior, np.exp(log_strength) * (1.0 - prior)
        return -float((betaln(a + clicks, b + misses) - betaln(a, b)).sum())

    found: Any = minimize_scalar(surprise, bounds=(0.0, np.log(10_000.0)), method="bounded")
    return float(np.exp(found.x))


def beta_posterior(clicks: Floats, shown: Floats, prior: Floats, strength: float) -> tuple[Floats, Floats]:
    """Return the two parameters of the Beta posterior of rates with prior mean `prior`, worth `strength` exposures.

    Args:
        clicks: (n,) clicks of each rate.
        shown: (n,) exposures of each rate.
        prior: (n,) prior mean of each rate, in (0, 1).
        strength: weight of the prior, in exposures.
    """
    return strength * prior + clicks, strength * (1.0 - prior) + np.maximum(shown - clicks, 0.0)


def made(making: Making) -> ClickRates:
    """Return a belief that has learned nothing yet."""
    return ClickRates(making.settings)


CARD = BeliefCard(
    name="click-rates",
    summary="How often each item is clicked when it is shown, the same for all users: the doubts of a bandit.",
    make=made,
    settings=ClickRatesSettings(),
)
