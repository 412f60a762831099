"""What is to be known of a reward model: its card."""

from __future__ import annotations

from dataclasses import dataclass

from serendip.simulator.cards import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardModelCard(Card):
    """The card of a reward model; `make` is the model itself.

    It is called with the slots of each item at each position (L, M), the sums of their rewards (L, M) and the topic of
    each item (M,), and returns the (L, M) rewards that it predicts.

    Attributes:
        knows_users: whether what it predicts is multiplied by how each user has rewarded so far (`users.UserRates`).
        knows_states: whether it is multiplied by what is known of each user and topic (`states.StateModel`).
    """

    knows_users: bool = False
    knows_states: bool = False
