"""Which hypotheses can have played what was already shown, where one is kept for all slates of a visit."""

from __future__ import annotations

import numpy as np

from serendip.agents.models.model import Arrays
from serendip.simulator.interface import Floats, Ints, Visits


class Played:
    """For each user of one day, the likelihood of the slates shown so far under each of S hypotheses.

    What a day brought is forgotten when the next one is added: then hypotheses are drawn anew.
    """

    def __init__(self) -> None:
        self._asked: tuple[int, int] | None = None  # last day asked of, and the key of its draws (64 bits, signed)
        self._day = -1
        self._users: Ints = np.zeros(0, dtype=np.int64)  # sorted
        self._likelihoods: Floats = np.zeros((0, 0))

    def ask(self, day: int, key: int) -> None:
        """Note with which key of draws it was asked what is played on `day`."""
        self._asked = day, key

    def key_of(self, day: int) -> int | None:
        """Return the key of the draws of `day`, or None where it was not asked of last."""
        return self._asked[1] if self._asked is not None and self._asked[0] == day else None

    def of(self, visits: Visits, n_hypotheses: int) -> Floats:
        """Return (B, S) likelihoods up to a factor of each row: ones where nothing was shown that day."""
        found = np.ones((len(visits), n_hypotheses))
        if visits.day == self._day and self._likelihoods.shape[1] == n_hypotheses:
            at, known = self._find(visits.user_ids)
            found[known] = self._likelihoods[at[known]]
        return found

    def add(self, visits: Visits, likelihoods: Floats) -> None:
        """Take in that another slate was shown at each of B visits, with those `likelihoods` (B, S)."""
        product = self.of(visits, likelihoods.shape[1]) * likelihoods
        largest = product.max(axis=1, keepdims=True)
        product /= np.where(largest > 0.0, largest, 1.0)  # many slates must not fade to 0; only ratios matter
        if visits.day != self._day or self._likelihoods.shape[1] != likelihoods.shape[1]:
            self._day = visits.day
            self._users, self._likelihoods = np.zeros(0, dtype=np.int64), np.zeros((0, likelihoods.shape[1]))
        at, known = self._find(visits.user_ids)
        self._likelihoods[at[known]] = product[known]
        users = np.concatenate([self._users, visits.user_ids[~known]])
        order = np.argsort(users, kind="stable")
        self._users = users[order]
        self._likelihoods = np.concatenate([self._likelihoods, product[~known]])[order]

    def arrays(self) -> Arrays:
        """Return all of it."""
        return {
            "asked": np.asarray(self._asked or (), dtype=np.int64),
            "day": np.asarray([self._day]),
            "users": self._users,
            "likelihoods": self._likelihoods,
        }

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        asked = arrays["asked"].tolist()
        self._asked = (asked[0], asked[1]) if asked else None
        self._day = int(arrays["day"][0])
        self._users, self._likelihoods = arrays["users"].copy(), arrays["likelihoods"].copy()

    def _find(self, user_ids: Ints) -> tuple[Ints, Ints]:
        """Return (B,) where each user stands, and whether it does."""
        if not len(self._users):
            return np.zeros(len(user_ids), dtype=np.int64), np.zeros(len(user_ids), dtype=bool)
        at = np.minimum(np.searchsorted(self._users, user_ids), len(self._users) - 1)
        return at, self._users[at] == user_ids
