"""A network that learns what matters, and a Bayesian linear regression on its last hidden layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from serendip.agents.beliefs.belief import Situation
from serendip.agents.beliefs.events import Block, Events
from serendip.agents.beliefs.features import Features, SiteFeatures
from serendip.agents.beliefs.linear import restore_parts, save_parts
from serendip.agents.beliefs.networks import Networks
from serendip.agents.beliefs.regressions import Regressions
from serendip.agents.beliefs.weights import SharedWeightsPosterior
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.model import Arrays
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Feedback, Items, Slates
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class NeuralLinearSettings:
    """Settings of a neural-linear belief.

    Attributes:
        hidden: units of the hidden layer.
        steps: how many steps of gradient descent are taken at each update.
        batch: how many events a step learns from.
        rate: step size of Adam.
        penalty: prior precision of the last layer's weights, in units of the noise.
        noise: variance of the noise of a click that is thought likeliest at first; it is learned.
    """

    hidden: Annotated[int, Range(least=1)] = 32
    steps: Annotated[int, Range(least=1)] = 50
    batch: Annotated[int, Range(least=1)] = 256
    rate: Annotated[float, Range(above=0)] = 0.01
    penalty: Annotated[float, Range(above=0)] = 1.0
    noise: Annotated[float, Range(above=0)] = 0.2

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'neural-linear'")


class NeuralLinear:
    """Clicks are linear in what a network's hidden layer makes of the features; the posterior is of that last layer.

    Snoek et al. (2015), "Scalable Bayesian optimization using deep neural networks", for bandits as in Riquelme,
    Tucker & Snoek (2018), "Deep Bayesian bandits showdown".  Every update takes a fixed number of gradient steps on all
    events so far, and fits the last layer anew.
    """

    def __init__(
        self, settings: NeuralLinearSettings, items: Items, seed: int, features: Features | None = None
    ) -> None:
        """Start from the prior.

        Args:
            settings: settings of the belief.
            items: what the site knows of its catalogue.
            seed: seed of the network and of the minibatches.
            features: what is known of users and items; None: what a site sees.
        """
        self.settings = settings
        self.features = features or SiteFeatures(items)
        self.events = Events(self.features)
        self._key = randomness.derive(seed, "neural linear")
        self._updates = 0
        self.network = Networks(1, self.features.n_features, settings.hidden, 1, self._key)
        self.regression = self._prior()

    def observe(self, situation: Situation, slates: Slates, feedback: Feedback) -> None:
        """Keep the slots of B visits."""
        self.events.observe(situation, slates, feedback)

    def update(self, history: History, items: Items) -> None:
        """Train the network a little on all events, and fit the last layer to them."""
        block = self.events.all()
        if len(block):
            self._train(block)
            self.regression = self._prior()
            inner = self.inner(block.x[None].astype(np.float64))[0]
            self.regression.learn(np.zeros(len(block), dtype=np.int64), inner, block.y[:, None])
        self._updates += 1
        self.features.refresh(history, items)

    def inner(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return (B, n, h + 1) what the hidden layer makes of features `x` (B, n, d), and a 1, in their precision."""
        hidden = self.network.hidden(x)
        return np.concatenate([hidden, np.ones((*hidden.shape[:2], 1), dtype=x.dtype)], axis=2)

    def posterior(self, situation: Situation) -> SharedWeightsPosterior:
        """Return the expected share of clicks, and how sure it is."""
        inner = self.inner(self.features.pairs(situation))
        known = self.regression
        root = np.linalg.cholesky(known.noise[0] * known.covariance[0])
        return SharedWeightsPosterior(inner, known.mean[0, 0], root)

    def arrays(self) -> Arrays:
        """Return what was learned, and all events."""
        learned = with_prefix("network", self.network.arrays()) | with_prefix("last", self.regression.arrays())
        learned["updates"] = np.asarray([self._updates])
        return save_parts(learned, self.features, self.events)

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        learned = restore_parts(arrays, self.features, self.events)
        self.network.restore(without_prefix("network", learned))
        self.regression.restore(without_prefix("last", learned))
        self._updates = int(learned["updates"][0])

    def _prior(self) -> Regressions:
        return Regressions(1, self.settings.hidden + 1, penalty=self.settings.penalty, noise=self.settings.noise)

    def _train(self, block: Block) -> None:
        steps = np.arange(self.settings.steps)[:, None]
        rows = randomness.below(len(block), self._key, self._updates, steps, np.arange(self.settings.batch))
        for chosen in rows:
            x, y = block.x[chosen][None].astype(np.float64), block.y[chosen][None].astype(np.float64)
            self.network.step(x, np.zeros(y.shape, dtype=np.int64), y, self.settings.rate)


def made(making: Making) -> NeuralLinear:
    """Return a belief that has learned nothing yet."""
    return NeuralLinear(making.settings, making.items, making.seed)


CARD = BeliefCard(
    name="neural-linear",
    summary="A network learns which features matter, and the doubts are of its last layer.",
    make=made,
    settings=NeuralLinearSettings(),
    small={"hidden": 4, "steps": 5, "batch": 16},
)
