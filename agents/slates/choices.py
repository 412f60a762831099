"""What a slate builder asks of a belief: weights of topics in a choice, joint draws of them, and how users choose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.serving.ranking import require_enough
from serendip.agents.slates.filling import Shelves, best_first
from serendip.agents.strategies.strategy import Ranker
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats, Ints, Singles
from serendip.simulator.ranges import Range

Doubts = Literal["own", "topics", "users", "like-users", "noise"]
_LEAST = 1e-6  # of a weight
_ORDERS = 16
_KINDS = (np.float64, np.float64, np.int64, np.int64)  # of what shelves are made from


@runtime_checkable
class ChoicePosterior(Posterior, Protocol):
    """What a belief thinks of B visits that knows P(click l) = gamma_l w_l / (e^x0 + sum_m gamma_m w_m).

    The weight of an item is w_ui = e^theta_ug(i) c_ug(i) e^q_i, with g(i) its group: a topic, or the item itself.  All
    doubt of the user is about theta.
    """

    @property
    def groups(self) -> Ints:
        """(M,) group of each item."""
        ...

    @property
    def quality(self) -> Floats:
        """(M,) q, in units of utility."""
        ...

    @property
    def quality_doubt(self) -> Floats:
        """(M,) standard deviation of q."""
        ...

    @property
    def outside(self) -> float:
        """e^x0, the weight of clicking nothing."""
        ...

    @property
    def appetite(self) -> Floats:
        """(B, G) c, what satiation leaves of a group's weight, in (0, 1]."""
        ...

    @property
    def familiarity(self) -> Floats:
        """(B, G) how familiar each group is by the user's own clicks, in [0, 1]."""
        ...

    @property
    def breadth(self) -> Floats:
        """(B,) how much is familiar in all, as a number of topics."""
        ...

    @property
    def rate(self) -> Floats:
        """(B,) visits per day."""
        ...

    def examination(self, length: int) -> Floats:
        """Return (L,) gamma, how much each slot is looked at."""
        ...

    def level(self) -> Singles:
        """Return (B, G) log E[e^theta]."""
        ...

    def hypotheses(self, indices: range, luck: Luck) -> Singles:
        """Return (B, S, G) joint draws of theta."""
        ...

    def prospects(self) -> tuple[Floats, Floats]:
        """Return (B, G) the probability that a group is liked, and E[e^theta] if it is."""
        ...

    def strangers(self, luck: Luck, *, alike: bool) -> ChoicePosterior:
        """Return what is believed of other users, drawn anew for each visit: of any, or of as many slates so far."""
        ...


@dataclass(frozen=True, slots=True)
class DoubtSettings:
    """Settings that slate builders share: how much they make of doubt, and of whose.

    Attributes:
        width: factor on the deviations of hypotheses from the mean.
        tilt: the factor falls with the user's visits so far as (1 + visits)^-tilt: below 0 it rises.
        doubts: whose deviations they are: the visitor's own; as a control, those of other topics, of any other user, of
            one who saw about as many slates, or noise of one scale (the logarithm's standard deviation is the width).
        item_width: factor on the deviations of items' qualities, by which items of one topic take turns.
    """

    width: Annotated[float, Range(least=0)] = 1.0
    tilt: Annotated[float, Range(least=-2, most=2)] = 0.0
    doubts: Doubts = "own"
    item_width: Annotated[float, Range(least=0)] = 1.0


def require_choices(posterior: Posterior, strategy: str) -> ChoicePosterior:
    """Return `posterior`, which the strategy called `strategy` needs to know the choice model.

    Raises:
        SettingsError: it does not.
    """
    if isinstance(posterior, ChoicePosterior):
        return posterior
    raise SettingsError(
        f"the slate builder {strategy!r} needs a belief that knows how users choose from a slate; choose the belief "
        "'choice-mixture'"
    )


def widths(settings: DoubtSettings, ranker: Ranker) -> Floats:
    """Return (B,) factor on the deviations at each visit."""
    if settings.tilt == 0.0:
        return np.full(len(ranker.visits), settings.width)
    return np.asarray(settings.width * (1.0 + ranker.situation.n_visits) ** -settings.tilt, dtype=np.float64)


def drawn_weights(posterior: ChoicePosterior, settings: DoubtSettings, ranker: Ranker, n: int, luck: Luck) -> Floats:
    """Return (B, S, G) weights c e^theta of the groups under `n` hypotheses, S = n.

    A weight is max(mean + width (draw - mean), 0), so that its mean stays nearly what it was whatever the width.

    Args:
        posterior: what is believed.
        settings: how much is made of doubt, and of whose.
        ranker: of the visits.
        n: S.
        luck: of the visits.
    """
    mean: Floats = np.exp(posterior.level().astype(np.float64))  # (B, G)
    width = widths(settings, ranker)[:, None, None]
    if settings.doubts == "noise":
        normal = np.stack([luck.of("noise", s).normals(mean.shape[1]) for s in range(n)], axis=1)
        return posterior.appetite[:, None, :] * mean[:, None, :] * np.exp(width * normal - 0.5 * width**2)
    weights = np.maximum(mean[:, None, :] + width * deviations(posterior, settings.doubts, n, luck), _LEAST)
    return posterior.appetite[:, None, :] * weights


def deviations(posterior: ChoicePosterior, doubts: Doubts, n: int, luck: Luck) -> Floats:
    """Return (B, S, G) draws of e^theta less their mean: the visitors' own, of other topics, or of other users.

    Args:
        posterior: what is believed.
        doubts: whose.
        n: S.
        luck: of the visits.
    """
    whose = posterior if doubts in ("own", "topics") else posterior.strangers(luck, alike=doubts == "like-users")
    level = whose.level().astype(np.float64)
    drawn: Floats = np.exp(whose.hypotheses(range(n), luck).astype(np.float64)) - np.exp(level)[:, None, :]
    if doubts != "topics":
        return drawn
    order = np.argsort(luck.of("topics").uniforms(drawn.shape[2]), axis=1, kind="stable")  # (B, G)
    return np.take_along_axis(drawn, order[:, None, :], axis=2)


def shelves(posterior: ChoicePosterior, ranker: Ranker, width: float, luck: Luck) -> Shelves:
    """Return the items that can be shown to anybody by group, the best of each first, and to whom they can be.

    Among items of one group only quality decides, whatever the taste.  So that what was seldom shown has its turn, it
    is drawn: q + width sqrt(v) times a normal, the same for all visits of a day by one of 16 parts of the users.

    Args:
        posterior: what is believed.
        ranker: of the visits.
        width: factor on the deviations of qualities; 0: the mean quality, equal ones in the order of a hash.
        luck: of the visits.
    """
    visits, available = ranker.visits, ranker.available
    require_enough(available, ranker.slate_size)
    pool = np.flatnonzero(available.any(axis=0) if ranker.by_visit else available)
    there = available if ranker.by_visit else np.zeros((0, len(available)), dtype=bool)
    part = randomness.bits(ranker.tie_key, visits.user_ids) % (_ORDERS if width > 0.0 else 1)
    of_items: Any = posterior.quality, width * posterior.quality_doubt, posterior.groups, pool
    numbers = (np.asarray(x, dtype=kind).tobytes() for x, kind in zip(of_items, _KINDS, strict=True))
    key = randomness.derive(luck.key, "quality") if width > 0.0 else None
    items, starts, pull = _orders_of_day(key, visits.day, ranker.tie_key, posterior.appetite.shape[1], *numbers)
    return Shelves(items, starts, pull, part, np.arange(len(visits)), there)


@lru_cache(maxsize=2)  # visits of a day come in many batches
def _orders_of_day(
    key: int | None, day: int, tie_key: int, n_groups: int, *of_items: bytes
) -> tuple[Ints, Ints, Floats]:
    """Return (C, N) items by group, the best first, (G + 1,) where each group begins, and (C, M) e^q; to be read alone.

    Args:
        key: of the stream that qualities are drawn from; None: they are not drawn.
        day: of the visits.
        tie_key: of the stream by which equal ones go.
        n_groups: G.
        of_items: q, its deviation and the group of all items (M,), and (N,) those that can be shown, as bytes.
    """
    numbers: Any = (np.frombuffer(x, dtype=kind) for x, kind in zip(of_items, _KINDS, strict=True))
    quality, deviation, groups, pool = numbers
    drawn = quality[None]
    if key is not None:
        normal = randomness.normal(key, np.arange(_ORDERS)[:, None], day, np.arange(len(quality)))
        drawn = quality + deviation * normal
    by_group = np.lexsort((randomness.bits(tie_key, pool), groups[pool]))
    pool = pool[by_group]
    starts = np.searchsorted(groups[pool], np.arange(n_groups + 1))
    order = np.empty((len(drawn), len(pool)), dtype=np.int64)
    best_first(drawn[:, pool], starts, order)
    return pool[order], starts, np.exp(drawn)
