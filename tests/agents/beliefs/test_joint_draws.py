"""Joint draws of tastes: the persona goes by its probability, and what is liked goes together as it says."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.choice.hypotheses import draw_tastes, drawn_persona
from serendip.agents.beliefs.choice.population import GRID

SHARE = np.array([[0.5, 0.3, 0.2], [0.0, 1.0, 0.0]])


def test_a_persona_is_drawn_by_its_probability() -> None:
    points = (np.arange(1000) + 0.5) / 1000
    drawn = [[drawn_persona(SHARE, user, point) for point in points] for user in (0, 1)]
    assert np.bincount(drawn[0]).tolist() == [500, 300, 200]
    assert set(drawn[1]) == {1}


def test_topics_are_liked_together_as_personas_say() -> None:
    """Persona c likes topic c alone; a taste that is liked is above 0, one that is not below; four errors."""
    n_draws, n_topics = 4000, 3
    prior = np.stack([GRID < 0.0, GRID > 0.0]).astype(np.float64)
    prior /= prior.sum(axis=1, keepdims=True)
    luck = np.random.default_rng(0).integers(1 << 16, size=(1, n_draws, 1 + 2 * n_topics)).astype(np.uint16)
    likelihood = np.ones((2, n_topics, len(GRID)), dtype=np.float32)
    liked, odds = np.where(np.eye(n_topics) > 0, 1.0 - 1e-9, 1e-9), np.ones((2, n_topics))
    out = np.empty((1, n_draws, n_topics), dtype=np.float32)
    draw_tastes(np.array([0]), likelihood, odds, SHARE, prior, liked, GRID, luck, out)
    likes = out[0] > 0.0
    assert (likes.sum(axis=1) == 1).all()
    errors = np.sqrt(SHARE[0] * (1.0 - SHARE[0]) / n_draws)
    assert (np.abs(likes.mean(axis=0) - SHARE[0]) < 4.0 * errors).all()
