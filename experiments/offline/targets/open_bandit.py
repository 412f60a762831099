"""The Thompson sampler of the Open Bandit data as a target: a snapshot of it, from the priors it was started with.

It draws a click rate for each item from its Beta prior and shows the L items with the highest, in order.  Saito et al.
(2020), "Open Bandit Dataset and Pipeline", section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betainc, betaincinv

from serendip.experiments.offline.crossfit import folds
from serendip.experiments.offline.reading.source import Logged, Source
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.targets.logging_policy import LoggingPolicy
from serendip.experiments.offline.targets.seen import Predictions, Seen
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Floats

PRIORS = "prior_bts.yaml"
_QUANTILES = 200  # points of each item's distribution that the integral is cut at


@dataclass(frozen=True)
class SnapshotTarget:
    """A policy that shows the same mixture of items to everyone.

    Attributes:
        chances: (L, K) probability of each item at each position, by the items' own numbers.
        notes: what it is.
    """

    chances: Floats
    notes: list[str]

    @property
    def knows_every_item(self) -> bool:
        """It has the chance of each item at each position."""
        return True

    @property
    def trained_apart(self) -> bool:
        """Its priors are from before the log."""
        return True

    @property
    def lives_through(self) -> bool:
        """It shows the same mixture all the time."""
        return False

    def memories(self) -> list[Any]:
        """Return nothing: it remembers nothing."""
        return []

    def remember(self, memories: list[Any]) -> None:
        """Do nothing."""

    def further(self, source: Source) -> tuple[str, ...]:
        """Slots are known one by one."""
        return ()

    def view(
        self, source: Source, predictions: Predictions | None, logging: LoggingPolicy | None = None
    ) -> Iterator[Seen]:
        """Yield the log's slots with the chance of what was shown; of the logging policy it asks nothing."""
        chances = self.chances[:, source.item_numbers()]  # (L, M)
        missing = 1.0 - chances.sum(axis=1)
        for logged in source.batches():
            target = chances[logged.position, logged.item]
            predicted = expected = unseen = np.full(len(logged), np.nan)
            further = dict[str, Floats]()
            if predictions is not None:
                if predictions.rewards is not None:
                    predicted, expected = _predicted(logged, chances, predictions.seed, predictions.rewards)
                unseen = ((chances * predictions.never_shown).sum(axis=1) + missing)[logged.position]
                if predictions.mrdr is not None:
                    both = _predicted(logged, chances, predictions.seed, predictions.mrdr)
                    further["mrdr_predicted"], further["mrdr_expected"] = both
            slots = Slots(logged.user, logged.reward, logged.propensity, target, predicted, expected, further)
            yield Seen(slots, np.maximum(unseen, 0.0), logged.item, logged.position)


def _predicted(logged: Logged, chances: Floats, seed: int, rewards: Floats) -> tuple[Floats, Floats]:
    """Return (n,) predicted rewards of what was shown, and of what the policy of `chances` (L, M) would show."""
    fold = folds(seed, logged.user)
    expected = np.einsum("flm,lm->fl", rewards, chances)
    return rewards[fold, logged.position, logged.item], expected[fold, logged.position]


def snapshot(source: Source) -> SnapshotTarget:
    """Return the Thompson sampler of the campaign that `source` is of, as it was before the log began.

    Raises:
        DataError: it is not a campaign of the Open Bandit data, or the priors are not two folders above it.
    """
    file, campaign = source.path.resolve().parents[2] / PRIORS, source.path.stem
    if not file.exists():
        raise DataError(f"{source.path}: no {PRIORS} two folders above; bts is a target for Open Bandit folders alone")
    priors = read_priors(file)
    if campaign not in priors:
        raise DataError(f"{file}: no priors of {campaign!r}; it has {', '.join(priors)}")
    note = (
        "bts is the logged Thompson sampler as its priors have it, by integration.  Its own log is adaptive: it went on"
        " learning, so its propensities leave this snapshot within hours, and its mean click rate is not this value."
    )
    return SnapshotTarget(rank_chances(*priors[campaign], source.slate_size), [note])


def read_priors(file: Path) -> dict[str, tuple[Floats, Floats]]:
    """Return (alpha, beta) of each campaign's items.

    Raises:
        DataError: the file is not the plain YAML that the data comes with.
    """
    found, campaign = dict[str, dict[str, list[float]]](), ""
    numbers: list[float] | None = None
    for row, line in enumerate(file.read_text().splitlines(), 1):
        words = line.split()
        try:
            if words and not line[0].isspace():
                campaign = words[0].rstrip(":")
                found[campaign] = {}
            elif words and words[0].endswith(":"):
                numbers = found[campaign].setdefault(words[0].rstrip(":"), [])
            elif words:
                if numbers is None:
                    raise ValueError("a number of nothing")
                numbers.append(float(words[1]))
        except (KeyError, IndexError, ValueError) as error:
            raise DataError(f"{file}: line {row}: {line.strip()!r} is no campaign, alpha, beta or number") from error
    for name, prior in found.items():
        if set(prior) != {"alpha", "beta"} or len(prior["alpha"]) != len(prior["beta"]):
            raise DataError(
                f"{file}: {name} has {', '.join(prior)}; it needs as many numbers under alpha as under beta"
            )
    return {name: (np.array(prior["alpha"]), np.array(prior["beta"])) for name, prior in found.items()}


def rank_chances(alpha: Floats, beta: Floats, n_ranks: int) -> Floats:
    """Return (L, M) probability that item m's draw from Beta(alpha_m, beta_m) is the k-th largest of all M.

    P(rank k) = int f_m(x) P(exactly k of the others are above x) dx, with the others' number above x a sum of unequal
    coins; the integral is cut at quantiles of every item.
    """
    grid = betaincinv(alpha[:, None], beta[:, None], (np.arange(_QUANTILES) + 0.5) / _QUANTILES)
    edges = np.concatenate([[0.0], np.unique(grid), [1.0]])
    mass = np.diff(betainc(alpha[:, None], beta[:, None], edges), axis=1)  # (M, G)
    below = betainc(alpha[:, None], beta[:, None], edges)
    below = (below[:, :-1] + below[:, 1:]) / 2.0  # (M, G)
    before, after = _above(below, n_ranks), _above(below[::-1], n_ranks)[::-1]  # (M, L, G)
    found = np.empty((n_ranks, len(alpha)))
    for k in range(n_ranks):
        others = sum(before[:, a] * after[:, k - a] for a in range(k + 1))
        found[k] = np.sum(mass * others, axis=1)
    return found / found.sum(axis=1, keepdims=True)


def _above(below: Floats, n_ranks: int) -> Floats:
    """Return (M, L, G) probability that exactly 0, 1 .. L - 1 of the items before each are above each point."""
    found = np.zeros((len(below), n_ranks, below.shape[1]))
    found[0, 0] = 1.0
    for m in range(1, len(below)):
        found[m] = found[m - 1] * below[m - 1]
        found[m, 1:] += found[m - 1, :-1] * (1.0 - below[m - 1])
    return found
