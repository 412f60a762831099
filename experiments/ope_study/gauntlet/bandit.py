"""A world of one step, written on the logit scale so that its truth is a sum: kinds of users, items, what shifts both.

The chance of a reward is sigma(base + item + item for the kind + slope * log(rounds of the user) + user + drift); a
logging policy and a target that each believe something near it show their best item and, now and then, any item.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from serendip.experiments.ope_study.gauntlet.rounds import OneToFew, Rounds
from serendip.experiments.ope_study.gauntlet.situation import Drawn
from serendip.simulator.interface import Floats, Ints

Shift = tuple[Floats, Floats]  # values that are added to the logit, and their probabilities

_A_FEW = OneToFew(2.0)


@dataclass(frozen=True, slots=True)
class Bandit:
    """Settings of a world and of a log written in it.

    Attributes:
        n_users: how many users the log has.
        rounds: how many rounds each has.
        n_items: how many items there are.
        n_kinds: kinds of users, which policies can see and a table of rewards cannot.
        base: logit of a reward.
        item_spread: standard deviation between items, of the logit.
        kind_spread: standard deviation between items within a kind of users.
        user_spread: standard deviation between users, whom no policy can tell apart.
        slope: rise of the logit with the logarithm of a user's rounds.
        drift: rise of the logit from the first to the last row.
        epsilon: how often the logging policy shows any item; else its best.
        target_epsilon: how often the target shows any item; else its best.
        doubt: standard deviation of what either policy believes, around the truth.
        modelled: whether the log comes with a reward model's predictions, from a table of items.
        in_time: whether rows come in the order of time, users mixed; else user by user.
        price: mean amount of each item's reward, as the spread of its logarithm; None for rewards of 1.
        price_noise: draws amounts with a mean of 1, or None for amounts that do not vary.
    """

    n_users: int = 1000
    rounds: Rounds = _A_FEW
    n_items: int = 8
    n_kinds: int = 3
    base: float = -1.4
    item_spread: float = 0.5
    kind_spread: float = 0.4
    user_spread: float = 0.5
    slope: float = 0.0
    drift: float = 0.0
    epsilon: float = 0.4
    target_epsilon: float = 0.3
    doubt: float = 0.6
    modelled: bool = False
    in_time: bool = False
    price: float | None = None
    price_noise: Callable[[np.random.Generator, int], Floats] | None = None


@dataclass(frozen=True, slots=True)
class World:
    """A world that was drawn.

    Attributes:
        logit: (G, M) of a reward, for each kind of users and each item.
        worth: (M,) mean amount of a reward of each item.
        logging: (G, M) probability of each item under the logging policy.
        target: (G, M) under the target.
        shifts: what is added to the logit, each with its probabilities over rows; they are independent.
    """

    logit: Floats
    worth: Floats
    logging: Floats
    target: Floats
    shifts: tuple[Shift, ...]

    def value(self, policy: Floats) -> float:
        """Return the mean reward per slot under a policy (G, M), exactly; kinds are equally likely."""
        values, chances = np.zeros(1), np.ones(1)
        for more, likely in self.shifts:
            values, chances = np.add.outer(values, more).ravel(), np.multiply.outer(chances, likely).ravel()
        rate = np.einsum("s,sgm->gm", chances, sigmoid(values[:, None, None] + self.logit))
        return float((policy * rate * self.worth).sum() / len(policy))


@dataclass(frozen=True, slots=True)
class Rows:
    """What was shown and what came of it, n rows: user, their kind, item, reward, and the logit of the chance."""

    user: Ints
    kind: Ints
    item: Ints
    reward: Floats


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


def world_of(rng: np.random.Generator, s: Bandit) -> World:
    """Return a world of those settings."""
    logit = s.base + rng.normal(0.0, s.item_spread, s.n_items) + rng.normal(0.0, s.kind_spread, (s.n_kinds, s.n_items))
    worth = np.ones(s.n_items) if s.price is None else np.exp(rng.normal(0.0, s.price, s.n_items))
    policies = [
        mostly(logit + rng.normal(0.0, s.doubt, logit.shape), epsilon) for epsilon in (s.epsilon, s.target_epsilon)
    ]
    return World(logit, worth, policies[0], policies[1], shifts_of(s))


def mostly(believed: Floats, epsilon: float) -> Floats:
    """Return (G, M) the policy that shows the best item of what is believed, or any with probability epsilon."""
    policy = np.full(believed.shape, epsilon / believed.shape[1])
    policy[np.arange(len(believed)), believed.argmax(axis=1)] += 1.0 - epsilon
    return policy


def shifts_of(s: Bandit) -> tuple[Shift, ...]:
    """Return what is added to the logit over all rows, by users' rounds, by who the user is, by time."""
    shifts = list[Shift]()
    if s.slope:
        values, chances = s.rounds.by_row()
        shifts.append((s.slope * np.log(values), chances))
    if s.user_spread:
        nodes, weights = np.polynomial.hermite_e.hermegauss(24)
        shifts.append((s.user_spread * nodes, weights / weights.sum()))
    if s.drift:
        middle = (np.arange(64) + 0.5) / 64 - 0.5
        shifts.append((s.drift * middle, np.full(64, 1.0 / 64)))
    return tuple(shifts)


def users_of(rng: np.random.Generator, s: Bandit) -> tuple[Ints, Ints, Floats]:
    """Return each row's user and kind, and what is added to the logit there."""
    n_rounds = s.rounds.draw(rng, s.n_users)
    own = rng.normal(0.0, s.user_spread, s.n_users) + s.slope * np.log(n_rounds)
    user = np.repeat(np.arange(s.n_users), n_rounds)
    if s.in_time or s.drift:
        user = rng.permutation(user)
    kind = rng.integers(s.n_kinds, size=s.n_users)[user]
    drift = s.drift * ((np.arange(len(user)) + 0.5) / len(user) - 0.5)
    return user, kind, own[user] + drift


def choose(rng: np.random.Generator, chances: Floats) -> Ints:
    """Return (n,) a column drawn from each row of (n, M) probabilities."""
    total = np.cumsum(chances, axis=1)
    return np.minimum((rng.random((len(chances), 1)) * total[:, -1:] > total).sum(axis=1), chances.shape[1] - 1)


def rewards_of(rng: np.random.Generator, s: Bandit, world: World, logit: Floats, item: Ints) -> Floats:
    """Return (n,) rewards of what was shown, given the logit of each.

    Args:
        rng: generator of the draws.
        s: settings of the bandit.
        world: items, logits and policies of the log.
        logit: (n,) logit of a click on what was shown.
        item: (n,) item shown.
    """
    hit = (rng.random(len(item)) < sigmoid(logit)).astype(np.float64)
    amount = world.worth[item] if s.price_noise is None else world.worth[item] * s.price_noise(rng, len(item))
    return hit * amount


def rows_of(rng: np.random.Generator, s: Bandit, world: World) -> Rows:
    """Return the rows that the logging policy writes."""
    user, kind, shift = users_of(rng, s)
    item = choose(rng, world.logging[kind])
    return Rows(user, kind, item, rewards_of(rng, s, world, world.logit[kind, item] + shift, item))


def table(world: World, rows: Rows, modelled: bool) -> Drawn:
    """Return the rows as a table with the truth."""
    at = rows.kind, rows.item
    columns = {
        "user": rows.user,
        "item": rows.item,
        "reward": rows.reward,
        "propensity": world.logging[at],
        "target": world.target[at],
    }
    if modelled:
        columns |= by_item(rows, world.target)
    return Drawn(columns, world.value(world.target), world.value(world.logging))


def by_item(rows: Rows, target: Floats) -> dict[str, Floats]:
    """Return what a table of items' mean rewards predicts, learned on the users of the other half."""
    half, n_items = rows.user % 2, target.shape[1]
    seen = np.zeros((2, 2, n_items))  # slots and rewards, by half
    np.add.at(seen[0], (half, rows.item), 1.0)
    np.add.at(seen[1], (half, rows.item), rows.reward)
    overall = seen[1].sum() / max(seen[0].sum(), 1.0)
    means = ((seen[1] + 20.0 * overall) / (seen[0] + 20.0))[::-1]  # of the other half
    expected = np.einsum("hm,gm->hg", means, target)
    return {"predicted": means[half, rows.item], "expected": expected[half, rows.kind]}


def draw_bandit(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log of a world that is drawn with it."""
    world = world_of(rng, s)
    return table(world, rows_of(rng, s, world), s.modelled)
