"""Who the users are where tastes are vectors: a mixture of Gaussians, learned by EM."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from serendip.agents.beliefs.choice.population import FIRST_MEAN, FIRST_SPREAD
from serendip.agents.models.model import Arrays
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, Singles, SmallInts

_FIRST_LIKED = 0.1
_USERS_FOR_SPREAD = 100.0
_MOST_USERS = 4000


@dataclass(frozen=True, slots=True)
class Crowd:
    """The prior of a user's vector: theta ~ sum_c w_c N(mu_c, S).

    Attributes:
        weight: (C,) w.
        mean: (C, d) mu.
        covariance: (d, d) S.
    """

    weight: Floats
    mean: Floats
    covariance: Floats

    @classmethod
    def first(cls, n_personas: int, n_factors: int) -> Crowd:
        """Return what is taken for granted before anything was seen."""
        gap = FIRST_MEAN[1] - FIRST_MEAN[0]
        mean = FIRST_MEAN[0] + _FIRST_LIKED * gap
        variance = FIRST_SPREAD[0] ** 2 + _FIRST_LIKED * (1.0 - _FIRST_LIKED) * gap**2
        weight = np.full(n_personas, 1.0 / n_personas)
        return cls(weight, np.full((n_personas, n_factors), mean), variance * np.eye(n_factors))

    def priors(self) -> Priors:
        """Return the same prior of everybody."""
        return Priors(self.mean[None], np.log(self.weight)[None], self.covariance)

    def arrays(self) -> Arrays:
        """Return all of it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Priors:
    """What is believed of each of n users before any slate, sum_c w_uc N(mu_uc, S); n = 1 where all are alike.

    Attributes:
        mean: (n, C, d) mu.
        log_weight: (n, C) log w, up to a constant of each user.
        covariance: (d, d) S.
    """

    mean: Floats
    log_weight: Floats
    covariance: Floats

    def told(self) -> tuple[Floats, Floats, Floats]:
        """Return (n, C, d) S^-1 mu_c, (n, C) log w_c - mu_c S^-1 mu_c / 2 and (d, d) S^-1."""
        sharp: Any = np.linalg.inv(self.covariance)
        told: Floats = self.mean @ sharp
        return told, self.log_weight - 0.5 * (told * self.mean).sum(axis=2), sharp


@dataclass(frozen=True, slots=True)
class Sights:
    """What is known of n users: theta_u | c ~ N(free_u + gain_u mu_c, P_u).

    Attributes:
        free: (n, d) float32.
        gain: (n, d, d) float32, P S^-1.
        spread: (d, d) mean of P.
    """

    free: Singles
    gain: Singles
    spread: Floats

    @classmethod
    def of(cls, crowd: Crowd, mean: Singles, covariance: Singles, rows: Ints) -> Sights:
        """Return what is known of some users, by their posteriors.

        Args:
            crowd: with which these were worked out.
            mean: (n, C, d) of users' vectors under each persona.
            covariance: (n, d, d) of users' vectors.
            rows: who is asked about.
        """
        sharp = np.linalg.inv(crowd.covariance).astype(np.float32)
        wide = covariance[rows]
        gain = wide @ sharp
        free = mean[rows, 0] - gain @ crowd.mean[0].astype(np.float32)
        return cls(free, gain, wide.mean(axis=0, dtype=np.float64))


def learn_crowd(
    crowd: Crowd,
    mean: Singles,
    covariance: Singles,
    seen: SmallInts,
    key: int,
    *,
    restarts: int,
    steps: int,
    pull: float,
) -> Crowd:
    """Return the mixture that explains best what was seen of all users, by EM from here and from other starts.

    Args:
        crowd: with which the users' posteriors were worked out.
        mean: (n, C, d) of users' vectors under each persona.
        covariance: (n, d, d) of users' vectors.
        seen: (n,) slates that each user saw.
        key: of the stream that starts are drawn from.
        restarts: starts besides the mixture that is known.
        steps: of EM, for each.
        pull: made-up users of each persona who are as all users are.
    """
    rows = np.flatnonzero(seen > 0)
    if len(rows) < 2:
        return crowd
    if len(rows) > _MOST_USERS:
        rows = np.sort(randomness.generator(key, "some").choice(rows, _MOST_USERS, replace=False))
    sights = Sights.of(crowd, mean, covariance, rows)
    alike = bool(np.ptp(crowd.mean, axis=0).max() < 1e-9)
    best, most = (crowd.weight, crowd.mean), -np.inf
    for start in range(int(alike), restarts + 1 + int(alike)):
        at = (crowd.weight, crowd.mean)
        if start > 0:
            at = _random_start(crowd, sights, seen[rows], randomness.generator(key, "start", start))
        found, score = _em(at, crowd, sights, steps, pull)
        if score > most:
            best, most = found, score
    return _with_spread(Crowd(*best, crowd.covariance), sights)


def _expect(weight: Floats, mean: Floats, sharp: Floats, sights: Sights) -> tuple[Singles, Singles, float]:
    """Return (n, C) r, (n, d, C) means of vectors under each persona, and the log likelihood up to a constant."""
    single = mean.T.astype(np.float32)  # (d, C)
    moved: Singles = sights.gain @ single
    told = (sharp @ mean.T).astype(np.float32)  # (d, C)
    logs = np.log(weight) - 0.5 * (mean.T * (sharp @ mean.T)).sum(axis=0) + sights.free @ told
    logs += 0.5 * np.einsum("ndc,dc->nc", moved, told)
    top = logs.max(axis=1, keepdims=True)
    share = np.exp(logs - top)
    total = share.sum(axis=1, keepdims=True)
    score = float((top + np.log(total)).sum())
    vectors: Singles = sights.free[:, :, None] + moved
    return (share / total).astype(np.float32), vectors, score


def _em(
    at: tuple[Floats, Floats], crowd: Crowd, sights: Sights, steps: int, pull: float
) -> tuple[tuple[Floats, Floats], float]:
    """Return weights and means after so many steps, and their log posterior before the last one."""
    weight, mean = at
    sharp: Any = np.linalg.inv(crowd.covariance)
    score = -np.inf
    for _ in range(steps):
        share, vectors, score = _expect(weight, mean, sharp, sights)
        average = weight @ mean
        gap = mean - average
        score -= 0.5 * pull * float((gap * (gap @ sharp)).sum())
        size = share.sum(axis=0, dtype=np.float64)
        sums = np.einsum("nc,ndc->cd", share, vectors).astype(np.float64)
        mean = (sums + pull * average) / (size + pull)[:, None]
        weight = (size + 1.0) / (len(share) + len(size))
    return (weight, mean), score


def _random_start(crowd: Crowd, sights: Sights, seen: SmallInts, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return weights and means each of which is one user, as far as is known, and half everybody."""
    average = crowd.weight @ crowd.mean
    known = np.flatnonzero(seen >= np.median(seen))
    users = rng.choice(known, len(crowd.weight))
    own = sights.free[users] + sights.gain[users] @ average.astype(np.float32)
    n = len(crowd.weight)
    return np.full(n, 1.0 / n), 0.5 * own + 0.5 * average


def spread_about(prior: Floats, mean: Singles, share: Floats, covariance: Singles) -> Floats:
    """Return (d, d) covariance of users about the means of their priors, and some as it was at first.

    Args:
        prior: (n, C, d) means of each user's prior.
        mean: (n, C, d) of the vectors' posteriors.
        share: (n, C) probability of each part.
        covariance: (n, d, d) of the vectors' posteriors.
    """
    n, _, d = mean.shape
    total = n * covariance.mean(axis=0, dtype=np.float64) + _USERS_FOR_SPREAD * Crowd.first(1, d).covariance
    for c in range(mean.shape[1]):
        gap = mean[:, c] - prior[:, c]
        total += (gap * share[:, c, None]).T @ gap
    return total / (n + _USERS_FOR_SPREAD)


def _with_spread(crowd: Crowd, sights: Sights) -> Crowd:
    """Return the mixture with the covariance that the users have about their personas, and some as it was at first."""
    sharp: Any = np.linalg.inv(crowd.covariance)
    share, vectors, _ = _expect(crowd.weight, crowd.mean, sharp, sights)
    n, d = len(share), crowd.mean.shape[1]
    total = n * sights.spread + _USERS_FOR_SPREAD * Crowd.first(1, d).covariance
    for c in range(len(crowd.weight)):
        gap = vectors[:, :, c] - crowd.mean[c].astype(np.float32)
        total += (gap * share[:, c, None]).T @ gap
    return Crowd(crowd.weight, crowd.mean, total / (n + _USERS_FOR_SPREAD))
