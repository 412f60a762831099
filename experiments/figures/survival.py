"""Survival: the share of users who have not left for good."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.curves import Curve, two_panels
from serendip.experiments.online.results import Results

CURVE = Curve(
    "% alive",
    lambda results, agent, group: (
        100.0 * results.daily(agent, "alive", group) / np.maximum(results.daily(agent, "users", group), 1.0)
    ),
    most=100.0,
)


def draw(results: Results) -> Any:
    """Return the share still alive, of the low-activity third and of all."""
    return two_panels(results, "Users who have not left", CURVE)


CARD = FigureCard(
    name="survival",
    summary="The share of users who have not left for good, day by day.",
    make=draw,
    panel=CURVE.panel,
    reading="A curve that falls more slowly keeps more users. The band is the 95% interval of the mean over seeds.",
)
