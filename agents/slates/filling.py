"""Filling slates slot by slot, compiled: of each group the best item is looked at, once it is taken the next."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from serendip.agents.compiled import compiled, inlined


class Shelves(NamedTuple):
    """The items that can be shown by group, the best of each first, in several orders.

    Attributes:
        items: (C, N) items, group after group.
        starts: (G + 1,) where each group begins.
        pull: (C, M) e^q by which they stand.
        order: (R,) which of the C orders each of R slates has.
        visit: (R,) whose slate it is, a row of `there`.
        there: (B, M) what can be shown at each visit; (0, M) where that is all of `items`.
    """

    items: Any
    starts: Any
    pull: Any
    order: Any
    visit: Any
    there: Any

    def repeated(self, n: int) -> Shelves:
        """Return shelves of `n` slates a visit."""
        return self._replace(order=np.repeat(self.order, n), visit=np.repeat(self.visit, n))


@compiled
def best_first(quality: Any, starts: Any, out: Any) -> None:
    """Fill `out` (C, N) with the columns of `quality` (C, N), group by group, the highest first, of equals the first.

    Args:
        quality: (C, N) by which each order goes.
        starts: (G + 1,) where each group begins.
        out: (C, N) int64, filled in.
    """
    for row in range(quality.shape[0]):
        for group in range(starts.shape[0] - 1):
            first, end = starts[group], starts[group + 1]
            if end - first > 64:
                out[row, first:end] = first + np.argsort(-quality[row, first:end], kind="mergesort")
                continue
            for item in range(first, end):  # insertion, the quickest for few
                at = item
                while at > first and quality[row, out[row, at - 1]] < quality[row, item]:
                    out[row, at] = out[row, at - 1]
                    at -= 1
                out[row, at] = item


@inlined
def next_place(shelf: Shelves, slate: int, group: int, at: int) -> int:
    """Return the first place from `at` on, in the group, whose item can be shown in the slate; the end if none is.

    Args:
        shelf: the items by group.
        slate: row of the slate.
        group: the group.
        at: a place of the group, or its end.
    """
    if shelf.there.shape[0] > 0:
        order, visit = shelf.order[slate], shelf.visit[slate]
        while at < shelf.starts[group + 1] and not shelf.there[visit, shelf.items[order, at]]:
            at += 1
    return at


@compiled
def fill_hedged(weights: Any, value: Any, shelf: Shelves, examination: Any, outside: float, out: Any) -> None:
    """Fill `out` (B, L): each slot the item that adds most to the mean chance that anything is clicked.

    Slot l takes argmax_i v_i sum_s w_is / [(e^x0 + Sigma_s)(e^x0 + Sigma_s + w_is)], w_is the weight of the item in
    that slot under hypothesis s, Sigma_s that of the slate so far.

    Args:
        weights: (B, S, G) of the groups.
        value: (B, G) v, what a click on each group is worth.
        shelf: the items by group.
        examination: (L,) gamma.
        outside: e^x0.
        out: filled.
    """
    n_draws, n_groups = weights.shape[1], weights.shape[2]
    items, starts, pull = shelf.items, shelf.starts, shelf.pull
    head = np.zeros(n_groups, np.int64)
    so_far = np.zeros(n_draws)
    for b in range(out.shape[0]):
        o = shelf.order[b]
        for g in range(n_groups):
            head[g] = next_place(shelf, b, g, starts[g])
        so_far[:] = outside
        for slot in range(out.shape[1]):
            best, most = -1, -1.0
            for g in range(n_groups):
                if head[g] == starts[g + 1]:
                    continue
                factor, gain = pull[o, items[o, head[g]]] * examination[slot], 0.0
                for s in range(n_draws):
                    w = weights[b, s, g] * factor
                    gain += w / (so_far[s] * (so_far[s] + w))
                gain *= value[b, g]
                if gain > most:
                    best, most = g, gain
            factor = pull[o, items[o, head[best]]] * examination[slot]
            out[b, slot] = items[o, head[best]]
            for s in range(n_draws):
                so_far[s] += weights[b, s, best] * factor
            head[best] = next_place(shelf, b, best, head[best] + 1)


@compiled
def fill_top(scores: Any, shelf: Shelves, out: Any) -> None:
    """Fill `out` (B, L) with the items of the largest scores (B, G) of their group, times e^q, the best first.

    Args:
        scores: (B, G), 0 or more.
        shelf: the items by group.
        out: filled.
    """
    n_groups = scores.shape[1]
    items, starts, pull = shelf.items, shelf.starts, shelf.pull
    head = np.zeros(n_groups, np.int64)
    for b in range(out.shape[0]):
        o = shelf.order[b]
        for g in range(n_groups):
            head[g] = next_place(shelf, b, g, starts[g])
        for slot in range(out.shape[1]):
            best, most = -1, -1.0
            for g in range(n_groups):
                if head[g] < starts[g + 1]:
                    score = scores[b, g] * pull[o, items[o, head[g]]]
                    if score > most:
                        best, most = g, score
            out[b, slot] = items[o, head[best]]
            head[best] = next_place(shelf, b, best, head[best] + 1)


@compiled
def fill_ahead(
    weights: Any,
    liked: Any,
    chance: Any,
    horizon: Any,
    shelf: Shelves,
    examination: Any,
    outside: float,
    out: Any,
) -> None:
    """Fill `out` (B, L) with the items that give most now and teach most for the slates to come.

    score = w + H p (1 - p) gamma w1 / (e^x0 + Sigma) [V(Sigma + gamma (w1 - w_(L))+) - V(Sigma)] / V'(Sigma), with
    V(S) = S / (e^x0 + S), w1 the weight if the group is liked, w_(L) the L-th best mean weight, Sigma the weight of the
    slate of the best, and gamma the middle slot's.

    Args:
        weights: (B, G) mean weights w.
        liked: (B, G) weights if liked.
        chance: (B, G) p, the probability of that.
        horizon: (B,) H, slates that will profit.
        shelf: the items by group.
        examination: (L,) gamma.
        outside: e^x0.
        out: filled.
    """
    length, n_groups = out.shape[1], weights.shape[1]
    middle = examination[length // 2]
    one = np.zeros((1, length), np.int64)
    items, starts, pull = shelf.items, shelf.starts, shelf.pull
    group_of = np.zeros(pull.shape[1], np.int64)
    for g in range(n_groups):
        for j in range(starts[g], starts[g + 1]):
            group_of[items[0, j]] = g
    head = np.zeros(n_groups, np.int64)
    for b in range(out.shape[0]):
        o = shelf.order[b]
        own = Shelves(items, starts, pull, shelf.order[b : b + 1], shelf.visit[b : b + 1], shelf.there)
        fill_top(weights[b : b + 1], own, one)
        total, last = outside, 0.0
        for slot in range(length):
            last = weights[b, group_of[one[0, slot]]] * pull[o, one[0, slot]]
            total += last * examination[slot]
        for g in range(n_groups):
            head[g] = next_place(shelf, b, g, starts[g])
        for slot in range(length):
            best, most = -1, -1.0
            for g in range(n_groups):
                if head[g] == starts[g + 1]:
                    continue
                q = pull[o, items[o, head[g]]]
                w1, p = liked[b, g] * q, chance[b, g]
                more = middle * max(w1 - last, 0.0)
                gain = total * more / (total + more)  # [V(Sigma + more) - V(Sigma)] / V'(Sigma)
                score = weights[b, g] * q + horizon[b] * p * (1.0 - p) * middle * w1 / total * gain
                if score > most:
                    best, most = g, score
            out[b, slot] = items[o, head[best]]
            head[best] = next_place(shelf, b, best, head[best] + 1)
