"""How good uncertain probabilities are: calibration, likelihood, joint likelihood, coverage.

Of n inputs a belief gives S probabilities each, one under each of S hypotheses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize

from serendip.simulator.interface import Bools, Floats, Ints

_LEAST = 1e-6  # a probability is kept this far from 0 and 1


def mean_of_logs(logs: Floats) -> Floats:
    """Return log of the mean of exp(`logs`) over the first axis; exact where all are equal."""
    most = logs.max(axis=0)
    return most + np.log(np.exp(logs - most).mean(axis=0))


def log_likelihoods(probabilities: Floats, clicked: Bools) -> Floats:
    """Return log P(what happened), like `probabilities` (S, ...) of a click and `clicked` (...)."""
    kept = np.clip(probabilities, _LEAST, 1.0 - _LEAST)
    return np.log(np.where(clicked, kept, 1.0 - kept))


def expected_calibration_error(predicted: Floats, clicked: Bools, n_bins: int = 10) -> float:
    """Return the mean distance between the rate of clicks and the mean of `predicted` (n,), over bins of equal count.

    Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning".
    """
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, n_bins) if len(part)]
    gaps = [abs(float(predicted[part].mean() - clicked[part].mean())) * len(part) for part in parts]
    return sum(gaps) / max(len(order), 1)


def epistemic_gain(probabilities: Floats, clicked: Bools, owner: Ints) -> float | None:
    """Return how much likelier a user's clicks are jointly than one by one, in nats a user, averaged over users.

    log mean_s prod_t p_s(y_t) - sum_t log mean_s p_s(y_t), t over the inputs of one user: 0 for a belief without doubt,
    above 0 for one whose doubts about a user's items go together as the truth does.  Osband et al. (2022), "The neural
    testbed: evaluating joint predictions".  Ten different items ask whether doubts go together from item to item; the
    same two items five times each, whether there is doubt where the truth is off, as in the "dyadic sampling" of Osband
    et al. (2022), "Evaluating high-order predictive distributions in deep learning".  S draws of a continuum say it
    too low, by about the squared coefficient of variation of prod_t p_s(y_t) over 2 S.

    Args:
        probabilities: (S, n) of a click.
        clicked: (n,) what happened.
        owner: (n,) the user of each input; inputs of a user stand together.  None of them, no gain.
    """
    if not len(owner):
        return None
    logs = log_likelihoods(probabilities, clicked)
    starts = np.flatnonzero(np.diff(owner, prepend=owner[0] - 1))
    joint = mean_of_logs(np.add.reduceat(logs, starts, axis=1))
    alone = np.add.reduceat(mean_of_logs(logs), starts)
    return float((joint - alone).mean())


def coverage(probabilities: Floats, truth: Floats, level: float = 0.9) -> float:
    """Return the share of `truth` (n,) inside the central credible interval of `level` of `probabilities` (S, n)."""
    low, high = np.quantile(probabilities, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return float(((low <= truth) & (truth <= high)).mean())


def fit_link(scores: Floats, clicked: Bools) -> tuple[float, float]:
    """Return the slope a and the intercept b by which mean_s sigma(a score_s + b) says best who clicked.

    Logistic regression on the one score of a belief without doubt (Platt 1999), else on all its draws at once, so that
    a belief that doubts more is not judged by a curve made for one that does not.

    Args:
        scores: (S, n).
        clicked: (n,).
    """
    base = float(np.log((clicked.sum() + 1.0) / ((~clicked).sum() + 1.0)))
    scale = float(scores.std()) or 1.0

    def loss(weights: Floats) -> float:
        predicted = sigmoid(weights[0] / scale * scores + weights[1]).mean(axis=0)
        return -float(log_likelihoods(predicted, clicked).mean()) + 1e-6 * float(weights @ weights)

    found: Any = scipy.optimize.minimize(loss, np.array([1.0, base]), method="BFGS")
    return float(found.x[0]) / scale, float(found.x[1])


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))
