"""What several dynamics share: what a click is worth, how a topic becomes familiar, how moods move."""

from __future__ import annotations

import array_api_compat

from serendip.simulator.interface import Array
from serendip.simulator.population import Population


def worth(match: Array) -> Array:
    """Return 2 sigma(match) - 1 in (-1, 1): what a click on an item of that lasting worth gives."""
    xp = array_api_compat.array_namespace(match)
    return xp.tanh(0.5 * match)


def breadth(state: dict[str, Array]) -> Array:
    """Return (n,) R_u = sum_k m_uk, in topics."""
    xp = array_api_compat.array_namespace(state["repertoire"])
    return xp.sum(state["repertoire"], axis=1)


def learn(
    known: Array, people: Population, users: Array, topics: Array, match: Array, clicked: Array, rate: float
) -> Array:
    """Let the repertoire `known` (n, K) grow by what was clicked; return (B,) how many topics it discovered.

    m_uk += rate (1 - m_uk) max(g, 0); a click that disappoints teaches nothing.  A topic is discovered when
    its familiarity crosses `people.known_from`.

    Args:
        known: (n, K) repertoire in [0, 1], changed in place.
        people: the users, with what makes each differ.
        users: (B,) rows of the users, none twice.
        topics: (B, L) topic of each item shown.
        match: (B, L) lasting worth of each item to its user, in units of utility.
        clicked: (B, L) whether each item was clicked.
        rate: share of what is missing that a click of worth 1 adds, in [0, 1].
    """
    xp = array_api_compat.array_namespace(match)
    flat = xp.reshape(known, (-1,))
    found = xp.zeros_like(match[:, 0])
    for slot in range(clicked.shape[1]):
        rows = xp.nonzero(clicked[:, slot])[0]
        if rows.shape[0] == 0:
            continue
        who = users[rows]
        at = who * known.shape[1] + topics[rows, slot]
        gain = xp.clip(worth(match[rows, slot]), 0.0, 1.0)
        before = flat[at]
        after = before + rate * people.factor_of["learning"][who] * (1.0 - before) * gain
        flat[at] = after
        found[rows] += xp.astype((before < people.known_from) & (after >= people.known_from), found.dtype)
    return found


def mean_worth(match: Array, clicked: Array, disappointment: float) -> Array:
    """Return (B,) mean worth of the clicks in a slate, or -g0 where there is none."""
    xp = array_api_compat.array_namespace(match)
    n_clicks = xp.zeros_like(match[:, 0])
    total = xp.zeros_like(match[:, 0])
    for slot in range(clicked.shape[1]):  # slot by slot: sums do not depend on how a batch is laid out
        total = total + xp.where(clicked[:, slot], worth(match[:, slot]), 0.0)
        n_clicks = n_clicks + xp.astype(clicked[:, slot], match.dtype)
    return xp.where(n_clicks > 0.0, total / xp.clip(n_clicks, 1.0, None), -disappointment)
