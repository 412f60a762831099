"""Folds of users: what is learned from some is used on the others."""

from __future__ import annotations

from serendip.simulator import randomness
from serendip.simulator.interface import Ints

N_FOLDS = 2


def folds(seed: int, users: Ints) -> Ints:
    """Return (n,) the fold of each user, 0 or 1: a pure hash, so that a user's rows stay together."""
    return randomness.below(N_FOLDS, randomness.derive(seed, "halves of the users"), users)
