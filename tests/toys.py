"""A strategy, a belief, a model and an agent from outside: one file each, as CONTRIBUTING's recipes say."""

from __future__ import annotations

from pathlib import Path

STRATEGY = '''
"""A toy: the best slate of some hypotheses, each moved towards the mean."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from serendip.agents.cards import StrategyCard
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class CautiousSettings:
    """Settings of caution.

    Attributes:
        boldness: share of a hypothesis' deviations that is believed.
        tries: how many hypotheses are looked at.
    """

    boldness: Annotated[float, Range(least=0, most=1)] = 0.5
    tries: Annotated[int, Range(least=1)] = 3

    def __post_init__(self):
        check_ranges(self, "cautious")


class Cautious:
    steady: ClassVar[bool] = True

    def __init__(self, settings):
        self.settings = settings

    def candidates(self, posterior, ranker, luck):
        mean = posterior.mean(luck)
        hypotheses = range(min(self.settings.tries, posterior.n_hypotheses or self.settings.tries))
        moved = [mean + self.settings.boldness * (posterior.draw(index, luck) - mean) for index in hypotheses]
        return np.stack([ranker.top(scores.astype(np.float32)) for scores in moved], axis=1), None


CARD = StrategyCard(
    name="toy-strategy",
    summary="Thompson sampling for who is afraid of it.",
    make=Cautious,
    settings=CautiousSettings(),
    belief="toy-belief",
)
'''
BELIEF = '''
"""A toy: what a model says, give or take the same doubt everywhere."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.beliefs.gaussian import GaussianPosterior
from serendip.agents.cards import BeliefCard
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class EvenSettings:
    """Settings of an even doubt.

    Attributes:
        temperature: standard deviation of every score.
    """

    temperature: Annotated[float, Range(least=0)] = 1.0

    def __post_init__(self):
        check_ranges(self, "even")


class Even:
    def __init__(self, making):
        self.settings, self.model = making.settings, making.new_model()

    def update(self, history, items):
        self.model.fit(history.interactions())

    def posterior(self, situation):
        scores = self.model.scores(situation.clicks)
        return GaussianPosterior(scores, np.full_like(scores, self.settings.temperature))

    def arrays(self):
        return self.model.arrays()

    def restore(self, arrays):
        self.model.restore(arrays)


CARD = BeliefCard(
    name="toy-belief",
    summary="The same doubt everywhere.",
    make=Even,
    settings=EvenSettings(),
    model="toy-model",
)
'''
MODEL = '''
"""A toy: an item is as good as the number of users who clicked it beside what you clicked."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from serendip.agents.models.model import csr, require_items
from serendip.agents.models.search import LogRange, ModelCard
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True, slots=True)
class TogetherSettings:
    """Settings of what was clicked together.

    Attributes:
        power: how much more a pair counts that many clicked.
    """

    power: Annotated[float, Range(above=0)] = 1.0

    def __post_init__(self):
        check_ranges(self, "together")


class Together:
    def __init__(self, settings):
        self.settings = settings
        self.counts = np.zeros((0, 0), dtype=np.float32)

    def fit(self, data):
        clicks = csr(data.clicks)
        self.counts = (clicks.T @ clicks).toarray() ** np.float32(self.settings.power)
        np.fill_diagonal(self.counts, 0.0)

    def scores(self, histories):
        require_items(histories, len(self.counts))
        return np.asarray(csr(histories) @ self.counts, dtype=np.float32)

    def arrays(self):
        return {"counts": self.counts}

    def restore(self, arrays):
        self.counts = arrays["counts"]


CARD = ModelCard(
    name="toy-model",
    summary="What was clicked together.",
    make=Together,
    settings=TogetherSettings(),
    space={"power": LogRange(0.5, 2.0)},
)
'''
AGENT = '''
"""A toy: a combination with a name."""

from serendip.agents.cards import AgentCard

CARD = AgentCard(
    name="toy-agent",
    summary="A toy of toys.",
    strategy="toy-strategy",
    belief="toy-belief",
    model="toy-model",
    epsilon=0.2,
    strategy_settings={"tries": 2},
)
'''
FILES = {"strategy": STRATEGY, "belief": BELIEF, "model": MODEL, "agent": AGENT}


def write(folder: Path) -> None:
    """Write a file for each kind, called `toy_KIND.py`."""
    for kind, text in FILES.items():
        (folder / f"toy_{kind}.py").write_text(text)


def write_plugin(folder: Path) -> None:
    """Write the files as a plug-in that is installed where `folder` is on Python's path."""
    write(folder)
    info = folder / "serendip_toys-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: serendip-toys\nVersion: 1.0\n")
    groups = {"strategy": "strategies", "belief": "beliefs", "model": "models", "agent": "agents"}
    points = "".join(f"[serendip.{groups[kind]}]\ntoy-{kind} = toy_{kind}:CARD\n" for kind in FILES)
    (info / "entry_points.txt").write_text(points)
