"""How often each item is clicked when it is shown: a Beta-Bernoulli belief, pooled by topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import digamma, polygamma

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Items, SettingsError, Singles


@dataclass(frozen=True, slots=True)
class ClickRatesSettings:
    """Settings of the belief about click rates.

    Attributes:
        of: whether each item or each topic has a rate of its own.
        strength: of the prior, in exposures: an item's is centred on its topic's rate, a topic's on the overall one.
    """

    of: Literal["item", "topic"] = "item"
    strength: float = 10.0

    def __post_init__(self) -> None:
        if not 0.0 < self.strength < np.inf:
            raise SettingsError(f"strength is {self.strength}; allowed is above 0")


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
        strength = self.settings.strength
        overall = (clicks.sum() + 1.0) / (shown.sum() + 2.0)
        topic = np.asarray(items.topic)
        of_topic = [np.bincount(topic, c, minlength=items.n_topics).astype(np.float64) for c in (clicks, shown)]
        a, b = beta_posterior(of_topic[0], of_topic[1], np.asarray(overall), strength)
        if self.settings.of == "topic":
            a, b = a[topic], b[topic]
        else:
            a, b = beta_posterior(clicks, shown, (a / (a + b))[topic], strength)
        self._mean = (digamma(a) - digamma(b)).astype(np.float32)
        self._deviation = np.sqrt(polygamma(1, a) + polygamma(1, b)).astype(np.float32)

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


def beta_posterior(clicks: Floats, shown: Floats, prior: Floats, strength: float) -> tuple[Floats, Floats]:
    """Return the two parameters of the Beta posterior of rates with prior mean `prior`, worth `strength` exposures."""
    return strength * prior + clicks, strength * (1.0 - prior) + np.maximum(shown - clicks, 0.0)
