"""Discovery over time: how many of the topics they like users have come to know."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.experiments.figures import FigureCard
from serendip.experiments.figures.curves import Curve, two_panels
from serendip.experiments.online.results import Results

CURVE = Curve(
    "liked topics known per living user",
    lambda results, agent, group: (
        results.daily(agent, "liked_known", group) / np.maximum(results.daily(agent, "alive", group), 1.0)
    ),
)


def draw(results: Results) -> Any:
    """Return liked topics known per living user, of the low-activity third and of all."""
    return two_panels(results, "Liked topics that users know", CURVE)


CARD = FigureCard(
    name="discovery",
    summary="Liked topics that users know, day by day: whether there is discovery at all.",
    make=draw,
    panel=CURVE.panel,
    reading="A curve that rises: users come to know more of the topics that they like. It is hidden from agents "
    "and from the log. The band is the 95% interval of the mean over seeds.",
)
