"""What every model must keep to, as a call that names what is broken and the likely cause."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from serendip.agents.models.model import Interactions
from serendip.agents.models.search import ModelCard
from serendip.simulator.errors import SerendipError
from serendip.simulator.settings_json import settings_from_json, settings_to_json

N_USERS, N_ITEMS = 24, 12


class ModelError(SerendipError):
    """A model does not keep the contract; the message says what is broken and the likely cause."""


def check_model(card: ModelCard) -> None:
    """Let a model learn a checkerboard, on which each user likes every other item, and look at what it says.

    Args:
        card: the model's card; `small` should say settings that learn in a moment.

    Raises:
        ModelError: the first thing that is not as `Model` (agents/models/model.py) asks, with the likely cause.

    Example:
        >>> import serendip
        >>> from serendip.agents.models import MODELS
        >>> serendip.check_model(MODELS.card("ease"))
    """
    clicks = _checkerboard()
    before = clicks.copy()
    model = _made(card)
    model.fit(Interactions(clicks))
    if (before != clicks).nnz:
        raise ModelError(f"{card.name}.fit changed the clicks it was given; work on a copy")
    scores = model.scores(clicks)
    if scores.shape != (N_USERS, N_ITEMS) or scores.dtype != np.float32:
        raise ModelError(
            f"{card.name}.scores gave {scores.dtype} of shape {scores.shape}; expected float32, ({N_USERS}, {N_ITEMS})"
        )
    if not np.isfinite(scores).all():
        raise ModelError(f"{card.name}.scores gave numbers that are not finite")
    if not np.array_equal(model.scores(clicks[:3]), scores[:3]):
        raise ModelError(
            f"{card.name}: a user's scores depend on who else is asked about; the likely cause is a product whose"
            " rounding depends on its size (see `in_blocks`)"
        )
    again = _made(card)
    again.fit(Interactions(clicks))
    if not _same(model.arrays(), again.arrays()):
        raise ModelError(f"{card.name}: learning twice gives two models; the likely cause is a global random generator")
    other = _made(card)
    other.restore({name: value.copy() for name, value in model.arrays().items()})
    if not np.array_equal(other.scores(clicks), scores):
        raise ModelError(f"{card.name}: what `arrays` returns does not restore the model; something is missing there")
    nobody = scipy.sparse.csr_array(np.zeros((2, N_ITEMS), dtype=np.float32))
    if not np.isfinite(model.scores(nobody)).all():
        raise ModelError(f"{card.name}: a user who clicked nothing has scores that are not finite")


def _made(card: ModelCard) -> Any:
    """Return a small model of the card's kind."""
    if card.settings is None:
        return card.make()
    values = settings_to_json(card.settings) | dict(card.small)
    return card.make(settings_from_json(type(card.settings), values, f"the card of {card.name}: small"))


def _checkerboard() -> Any:
    """Return (24, 12) clicks: even users clicked most even items, odd users most odd ones."""
    likes = (np.arange(N_USERS)[:, None] + np.arange(N_ITEMS)) % 2 == 0
    likes[np.arange(N_USERS), np.arange(N_USERS) % N_ITEMS] = False
    return scipy.sparse.csr_array(likes.astype(np.float32))


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
