"""What a belief with features knows of a user and an item: no more than a live site sees."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Situation
from serendip.agents.compiled import compiled
from serendip.agents.history import History
from serendip.agents.models.model import Arrays, Sparse
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats, Ints, Items, Singles


class Features(Protocol):
    """Describes every item to every visitor in d numbers.

    The user's side may change with each visit; the items' side changes in `refresh` alone, so that nothing hangs on the
    size of a batch.
    """

    @property
    def n_features(self) -> int:
        """d."""
        ...

    def pairs(self, situation: Situation) -> Singles:
        """Return (B, M, d) features of each visit with each item, or (B, 1, d) where all items have the same."""
        ...

    def shown(self, situation: Situation, items: Ints) -> Singles:
        """Return (B, L, d) features of each visit with its `items` (B, L)."""
        ...

    def refresh(self, history: History, items: Items) -> None:
        """Look at the items anew."""
        ...

    def arrays(self) -> Arrays:
        """Return what `refresh` saw."""
        ...

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        ...


class SiteFeatures:
    """Eight numbers from the log and the items' topics.

    1; the user's click rate; log(1 + items shown to the user) / 5; log(1 + items of this topic that the user clicked);
    log(1 + items of this topic that the user was shown and did not click); the item's click rate at the last update;
    log(1 + times the user was shown the item); whether the user ever clicked it.  Rates are (1 + clicks) / (4 + shown).
    """

    def __init__(self, items: Items) -> None:
        topic = np.asarray(items.topic)
        ones = np.ones(len(topic), dtype=np.float32)
        shape = (len(topic), items.n_topics)
        self._topic = topic
        self._member: Sparse = sparse.csr_array((ones, topic, np.arange(len(topic) + 1)), shape=shape)
        self._rate = np.full(len(topic), 0.25, dtype=np.float32)

    @property
    def n_features(self) -> int:
        """Eight."""
        return 8

    def pairs(self, situation: Situation) -> Singles:
        """Return (B, M, 8)."""
        out = np.zeros((len(situation), len(self._topic), 8), dtype=np.float32)
        of_user, clicked, passed = self._of_users(situation)
        fill_pairs(of_user, clicked, passed, self._topic, self._rate, out)
        for column, table in ((6, situation.n_exposures), (7, situation.clicks)):
            rows = np.repeat(np.arange(len(out)), np.diff(table.indptr))
            out[rows, table.indices, column] = np.log1p(table.data) if column == 6 else table.data
        return out

    def shown(self, situation: Situation, items: Ints) -> Singles:
        """Return (B, L, 8)."""
        rows = np.arange(len(items))[:, None]
        of_user, clicked, passed = self._of_users(situation)
        topic = self._topic[items]
        out = np.empty((*items.shape, 8), dtype=np.float32)
        out[..., :3] = of_user[:, None, :]
        out[..., 3], out[..., 4] = clicked[rows, topic], passed[rows, topic]
        out[..., 5] = self._rate[items]
        out[..., 6] = np.log1p(_entries(situation.n_exposures, items))
        out[..., 7] = _entries(situation.clicks, items)
        return out

    def _of_users(self, situation: Situation) -> tuple[Singles, Singles, Singles]:
        """Return (B, 3) the first features, and (B, T) two of each topic."""
        clicked, seen = ((table @ self._member).toarray() for table in (situation.clicks, situation.exposures))
        n_clicked, n_seen = clicked.sum(axis=1), seen.sum(axis=1)
        of_user = (np.ones(len(seen)), (1.0 + n_clicked) / (4.0 + n_seen), np.log1p(n_seen) / 5.0)
        passed = np.maximum(seen - clicked, 0.0)
        return np.stack(of_user, axis=1).astype(np.float32), np.log1p(clicked), np.log1p(passed)

    def refresh(self, history: History, items: Items) -> None:
        """Count clicks and exposures of the items."""
        self._rate = ((1.0 + history.clicks.item_totals) / (4.0 + history.exposures.item_totals)).astype(np.float32)

    def arrays(self) -> Arrays:
        """Return the items' click rates."""
        return {"rate": self._rate}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned.

        Raises:
            ValueError: these are not the rates of as many items; compiled loops would read beyond them.
        """
        rate = np.asarray(arrays["rate"], dtype=np.float32)
        if rate.shape != self._topic.shape or not np.isfinite(rate).all():
            raise ValueError(f"rate holds {rate.size} numbers, and there are {len(self._topic)} items")
        self._rate = rate


@compiled
def fill_pairs(of_user: Any, clicked: Any, passed: Any, topic: Any, rate: Any, out: Any) -> None:
    """Fill the first six columns of `out` (B, M, 8) with the features of every visit and item.

    Args:
        of_user: (B, 3) those that all items share.
        clicked: (B, T) those of the items' topics.
        passed: (B, T) likewise.
        topic: (M,).
        rate: (M,) those of the items alone.
        out: filled.
    """
    for b in range(out.shape[0]):
        for i in range(out.shape[1]):
            for d in range(3):
                out[b, i, d] = of_user[b, d]
            out[b, i, 3], out[b, i, 4] = clicked[b, topic[i]], passed[b, topic[i]]
            out[b, i, 5] = rate[i]


class UserTable:
    """Numbers that a site keeps of each user, such as a profile; the same for every item.

    Args:
        user_ids: (n,) ids, in any order.
        values: (n, d) their numbers; a user who is not in the table has zeros.

    Raises:
        DataError: the two differ in length, or an id stands twice.
    """

    def __init__(self, user_ids: Ints, values: Floats) -> None:
        ids, at = np.unique(user_ids, return_index=True)
        if not len(ids) == len(user_ids) == len(values):
            raise DataError(f"{len(user_ids)} users, {len(ids)} of them distinct, have {len(values)} rows of features")
        self._ids = np.append(ids, np.iinfo(np.int64).max)  # nobody's, so that the unknown have a row
        self._values = np.concatenate([values[at], np.zeros((1, values.shape[1]))]).astype(np.float32)

    @property
    def n_features(self) -> int:
        """Columns of the table."""
        return self._values.shape[1]

    def pairs(self, situation: Situation) -> Singles:
        """Return (B, 1, d)."""
        return self.of_users(situation.visits.user_ids)[:, None, :]

    def shown(self, situation: Situation, items: Ints) -> Singles:
        """Return (B, L, d)."""
        x = self.pairs(situation)
        return np.broadcast_to(x, (*items.shape, x.shape[2]))

    def of_users(self, user_ids: Ints) -> Singles:
        """Return (B, d)."""
        at = np.searchsorted(self._ids, user_ids)
        known = self._ids.take(at) == user_ids
        return self._values.take(np.where(known, at, len(self._ids) - 1), axis=0)

    def refresh(self, history: History, items: Items) -> None:
        """Do nothing: the table stays as it is."""

    def arrays(self) -> Arrays:
        """Return the table."""
        return {"ids": self._ids, "values": self._values}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned.

        Raises:
            ValueError: there is not a row of values for each id.
        """
        ids, values = arrays["ids"], arrays["values"]
        if values.ndim != 2 or ids.shape != (len(values),):
            raise ValueError(f"{ids.size} ids with values of shape {values.shape}")
        self._ids, self._values = ids, values


def _entries(table: Sparse, items: Ints) -> Any:
    """Return (B, L) the entries of the CSR `table` (B, M) at `items` (B, L)."""
    n_items = table.shape[1]
    rows = np.arange(len(items))[:, None]
    held = np.repeat(np.arange(len(items)), np.diff(table.indptr)) * n_items + table.indices
    if len(held) == 0:
        return np.zeros(items.shape, dtype=np.float32)
    wanted = rows * n_items + items
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    return np.where(held[at] == wanted, table.data[at], 0.0)
