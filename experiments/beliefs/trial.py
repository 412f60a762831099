"""A trial of click probabilities: single items shown to users, of which the simulator knows the true probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.agents.slates.choices import ChoicePosterior
from serendip.experiments.beliefs import measures
from serendip.experiments.beliefs.site import Site
from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.interface import Bools, Floats, Ints

TAU = 10  # inputs of a user that are judged jointly
_ANCHORS = np.repeat([0, TAU // 2], TAU // 2)  # of the first item of either topic, five showings
_GROUPS = 5  # of items, by how often they were shown


@dataclass(frozen=True, slots=True)
class Trial:
    """What was shown, one item at a time, and what came of it.

    Attributes:
        users: (B,) whom.
        items: (B, tau) what.
        truth: (B, tau) true probability of a click.
        clicked: (B, tau) what happened.
        again: (B, tau) what happened when two of the items, one of either topic, were shown five times each.
        for_link: (B,) users by whom scores are turned into probabilities; the others are judged.
        activity: (B,) decile of the user's activity so far, 0 to 9.
        exposure: (B, tau) group of the item: 0 never shown, else 1 to 5 by how often.
    """

    users: Ints
    items: Ints
    truth: Floats
    clicked: Bools
    again: Bools
    for_link: Bools
    activity: Ints
    exposure: Ints


def hold(site: Site, users: Ints) -> Trial:
    """Return a trial in which each of `users` (B,) sees ten items alone: five of a topic once clicked, five of any."""
    rng = randomness.generator(site.world.seed, "trial")
    items = np.stack([_items_of(site, user, rng) for user in users])
    placed = [site.world.place(x) for x in (users, items)]
    utility = to_numpy(site.world.utility(site.state, placed[0], placed[1], site.day))
    truth = to_numpy(site.world.choice.probabilities(utility.reshape(-1, 1))).reshape(items.shape).astype(np.float64)
    shown = site.history.exposures.item_totals
    edges = np.quantile(shown[shown > 0], np.arange(1, _GROUPS) / _GROUPS)
    group = np.where(shown > 0, 1 + np.searchsorted(edges, shown, side="right"), 0)
    activity = np.argsort(np.argsort(site.history.n_exposures_of(users), kind="stable"), kind="stable")
    return Trial(
        users,
        items,
        truth,
        rng.random(truth.shape) < truth,
        randomness.generator(site.world.seed, "trial again").random(truth.shape) < truth[:, _ANCHORS],
        rng.random(len(users)) < 0.5,
        activity * 10 // len(users),
        group[items],
    )


def _items_of(site: Site, user: int, rng: np.random.Generator) -> Ints:
    """Return (tau,) different items for one user."""
    topic = np.asarray(site.world.items.topic)
    clicked = site.history.clicks_of(np.array([user])).indices
    any_item = int(rng.integers(len(topic)))
    first = topic[rng.choice(clicked)] if len(clicked) else topic[any_item]
    known = _some(np.flatnonzero(topic == first), rng, TAU // 2)
    rest = np.setdiff1d(np.flatnonzero(topic == topic[any_item]), known)
    more = _some(rest, rng, TAU // 2)
    fill = _some(np.setdiff1d(np.arange(len(topic)), np.concatenate([known, more])), rng, TAU - len(known) - len(more))
    return np.concatenate([known, more, fill])


def _some(pool: Ints, rng: np.random.Generator, n: int) -> Ints:
    return rng.permutation(pool)[:n]


def probabilities(site: Site, trial: Trial, posterior: Posterior, n_draws: int) -> Floats:
    """Return (S, B, tau) probability of a click under each hypothesis.

    A score says only which item is better.  What it is beyond the mean of the user's items becomes a probability by one
    logistic curve, fitted on the clicks of the users set aside for it.  A belief that knows how users choose says the
    probability itself: its scores are utilities, and x0 is that of no click.

    Args:
        site: the site, its users and its items.
        trial: the slates that clicks are foretold for.
        posterior: what the belief thinks of its users.
        n_draws: hypotheses that are drawn.
    """
    luck = Luck(randomness.derive(site.world.seed, "trial"), site.situation(trial.users).visits)
    n = posterior.n_hypotheses or n_draws
    if isinstance(posterior, ChoicePosterior):
        utility = [np.take_along_axis(posterior.draw(index, luck), trial.items, axis=1) for index in range(n)]
        return measures.sigmoid(np.stack(utility).astype(np.float64) - np.log(posterior.outside))
    drawn = np.stack([_beyond(posterior.draw(index, luck), trial.items) for index in range(n)])  # (S, B, tau)
    slope, intercept = measures.fit_link(drawn[:, trial.for_link].reshape(n, -1), trial.clicked[trial.for_link].ravel())
    return measures.sigmoid(slope * drawn + intercept)


def _beyond(scores: Any, items: Ints) -> Floats:
    """Return (B, tau) how much the scores (B, M) of `items` are above the user's mean."""
    chosen = np.take_along_axis(scores, items, axis=1).astype(np.float64)
    return chosen - scores.mean(axis=1, dtype=np.float64)[:, None]


def judge(trial: Trial, drawn: Floats) -> dict[str, Any]:
    """Return all measures of probabilities (S, B, tau), over all and by user activity and by item exposure."""
    judged = np.broadcast_to(~trial.for_link[:, None], trial.items.shape)
    decile = np.broadcast_to(trial.activity[:, None], trial.items.shape)
    return {
        "all": _measure(trial, drawn, judged),
        "by_activity": [_measure(trial, drawn, judged & (decile == k)) for k in range(10)],
        "by_exposure": [_measure(trial, drawn, judged & (trial.exposure == k)) for k in range(_GROUPS + 1)],
    }


def _measure(trial: Trial, drawn: Floats, where: Any) -> dict[str, float | None]:
    """Return the measures over the inputs `where` (B, tau)."""
    if not where.any():
        return {"n": 0, "ece": None, "nll": None, "gain": None, "gain_again": None, "coverage": None}
    chances, clicked, again = drawn[:, where], trial.clicked[where], where[:, _ANCHORS]
    predicted = chances.mean(axis=0)
    return {
        "n": int(where.sum()),
        "ece": measures.expected_calibration_error(predicted, clicked),
        "nll": -float(measures.log_likelihoods(predicted, clicked).mean()),
        "gain": measures.epistemic_gain(chances, clicked, np.nonzero(where)[0]),
        "gain_again": measures.epistemic_gain(
            drawn[:, :, _ANCHORS][:, again], trial.again[again], np.nonzero(again)[0]
        ),
        "coverage": measures.coverage(chances, trial.truth[where]),
    }
