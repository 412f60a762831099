"""What slates tell of each user's tastes, one after the other: assumed-density filtering on a grid."""

from __future__ import annotations

import numpy as np

from serendip.agents.beliefs.choice.arrays import Array, SceneArrays, Slate, SlateArrays, UserArrays
from serendip.agents.compiled import compiled, inlined

CHOSEN = 1e3  # how much likelier a topic is liked that the user clicked unasked


@inlined
def liked_chance(odds: Array, share: Array, liked: Array, user: int, k: int) -> float:
    """Return the probability that `user` likes topic `k`: sum_c r_c pi_ck Lambda / (1 - pi_ck + pi_ck Lambda).

    Args:
        odds: (n, K) Lambda, how much likelier what was seen is if the topic is liked.
        share: (n, C) r, the probability of each persona.
        liked: (K, C) pi.
        user: row of the user.
        k: topic.
    """
    total, ratio = 0.0, odds[user, k]
    for c in range(share.shape[1]):
        hit = liked[k, c] * ratio
        total += share[user, c] * hit / (1.0 - liked[k, c] + hit)
    return total


@inlined
def moments(likelihood: Array, weight: Array, prior: Array, user: int, k: int) -> tuple[float, float, float]:
    """Return Lambda, and E[e^theta] if topic `k` is not liked, if it is, by likelihood (n, K, G) and priors (2, G).

    Args:
        likelihood: (n, K, G) likelihood of each taste on the grid.
        weight: (G,) e^theta on the grid.
        prior: (2, G) share of each taste where a topic is not liked, and where it is.
        user: row of the user.
        k: row of the topic.
    """
    mass0 = mass1 = np.float32(1e-30)
    mean0 = mean1 = np.float32(0.0)
    for g in range(weight.shape[0]):
        value0, value1 = prior[0, g] * likelihood[user, k, g], prior[1, g] * likelihood[user, k, g]
        mass0 += value0
        mass1 += value1
        mean0 += value0 * weight[g]
        mean1 += value1 * weight[g]
    return min(max(float(mass1 / mass0), 1e-9), 1e9), float(mean0 / mass0), float(mean1 / mass1)


@inlined
def multiply(
    likelihood: Array, weight: Array, user: int, k: int, clicks: int, shows: int, pull: float, rest: float
) -> None:
    """Multiply a likelihood by what a slate tells of its topic, e^(y theta) / (rest + pull e^theta)^n.

    Args:
        likelihood: (n, K, G); the largest of the taste's becomes 1.
        weight: (G,) e^theta on the grid.
        user: row of the user.
        k: topic.
        clicks: y, clicks on the topic.
        shows: n, choices that were made from the slate.
        pull: sum of the topic's slots' weights without e^theta.
        rest: weight of everything else.
    """
    slope, level = np.float32(pull), np.float32(rest)
    for _ in range(shows):
        for g in range(weight.shape[0]):
            likelihood[user, k, g] /= level + slope * weight[g]
    for _ in range(clicks):
        for g in range(weight.shape[0]):
            likelihood[user, k, g] *= weight[g]
    top = np.float32(1e-37)
    for g in range(weight.shape[0]):
        top = max(top, likelihood[user, k, g])
    top = np.float32(1.0) / top
    for g in range(weight.shape[0]):
        likelihood[user, k, g] *= top


@inlined
def look(users: UserArrays, scene: SceneArrays, slates: SlateArrays, s: int, slate: Slate, fills: Array) -> float:
    """Fill `slate` with slate `s` as its user would see it, and `fills` at its slots; return the sum of all weights.

    Args:
        users: what is believed of all users.
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
        slate: room that is filled.
        fills: (N,) satiation with the topic of each slot; filled.
    """
    first, user = slates.starts[s], slates.rows[slates.starts[s]]
    total = scene.outside
    for j in range(slates.starts[s + 1] - first):
        item = slates.items[first + j]
        k = scene.topics[item]
        full = users.fill[user, k]
        fills[first + j] = full
        p = liked_chance(users.odds, users.share, scene.liked, user, k)
        slate.topic[j] = k
        slate.base[j] = scene.pull[item] * scene.examination[slates.positions[first + j]] * np.exp(-scene.effect * full)
        slate.expected[j] = p * users.mean_weight[user, k, 1] + (1.0 - p) * users.mean_weight[user, k, 0]
        total += slate.base[j] * slate.expected[j]
    return total


@inlined
def judge_topic(users: UserArrays, scene: SceneArrays, user: int, k: int) -> None:
    """Work out anew what follows from the likelihood of one taste, also for who the user is.

    Args:
        users: what is believed of all users, changed in place.
        scene: what is known of items and choice.
        user: row of the user.
        k: row of the topic.
    """
    before = users.odds[user, k]
    after, mean0, mean1 = moments(users.likelihood, scene.weight, scene.prior, user, k)
    if users.chosen[user, k]:
        after *= CHOSEN
    users.odds[user, k] = after
    users.mean_weight[user, k, 0], users.mean_weight[user, k, 1] = mean0, mean1
    total = 0.0
    for c in range(users.share.shape[1]):
        pi = scene.liked[k, c]
        users.share[user, c] *= (1.0 - pi + pi * after) / (1.0 - pi + pi * before)
        total += users.share[user, c]
    for c in range(users.share.shape[1]):
        users.share[user, c] /= total


@inlined
def learn(users: UserArrays, scene: SceneArrays, slates: SlateArrays, s: int, slate: Slate, total: float) -> None:
    """Let slate `s` change what is believed of its user's tastes; `total` is the sum of all weights in it.

    Args:
        users: what is believed of all users, changed in place.
        scene: what is known of items and choice.
        slates: the slates as shown.
        s: number of the slate.
        slate: the slate as its user saw it.
        total: sum of all weights in the slate.
    """
    first, length = slates.starts[s], slates.starts[s + 1] - slates.starts[s]
    user, shows = slates.rows[first], 0
    for j in range(length):
        shows += slates.clicked[first + j]
    shows = max(shows, 1)
    for j in range(length):
        k = slate.topic[j]
        pull, clicks, again = 0.0, 0, False
        for i in range(length):
            if slate.topic[i] == k:
                again = again or i < j
                pull += slate.base[i]
                clicks += slates.clicked[first + i]
        if again:
            continue
        rest = max(total - pull * slate.expected[j], 1e-9)
        multiply(users.likelihood, scene.weight, user, k, clicks, shows, pull, rest)
        users.seen[user, k] += 1
        judge_topic(users, scene, user, k)
    for j in range(length):
        k = slate.topic[j]
        users.fill[user, k] += 1.0
        if slates.clicked[first + j]:
            users.known[user, k] += scene.familiar * (1.0 - users.known[user, k])


@inlined
def wake(users: Array, scene: Array, user: int, day: int) -> None:
    """Let the days since the user's last visit pass: satiation, familiarity and the rate of visits fade.

    Args:
        users: what is believed of all users, of tastes or of vectors, changed in place.
        scene: what is known of items and choice, with what wears off how fast.
        user: row of the user.
        day: day of the visit.
    """
    gap = min(day - users.last_day[user], scene.fading.shape[0] - 1)
    for k in range(users.fill.shape[1]):
        users.fill[user, k] *= scene.fading[gap]
        users.known[user, k] *= scene.forgetting[gap]
    users.rate[user] = users.rate[user] * scene.recency[gap] + 1.0 - scene.recency[1]
    users.last_day[user] = day


@compiled
def take_in(users: UserArrays, scene: SceneArrays, slates: SlateArrays, fills: Array) -> None:
    """Let slates, in the order they came, change what is believed of those who saw them.

    Args:
        users: changed.
        scene: as it is taken to be.
        slates: what was shown.
        fills: (N,) satiation with the topic of each slot when it was shown; filled.
    """
    most = 0
    for s in range(slates.starts.shape[0] - 1):
        most = max(most, slates.starts[s + 1] - slates.starts[s])
    slate = Slate(np.zeros(most, np.int64), np.zeros(most), np.zeros(most))
    for s in range(slates.starts.shape[0] - 1):
        first = slates.starts[s]
        user, day = slates.rows[first], slates.days[first]
        if day < 0:
            for j in range(first, slates.starts[s + 1]):
                k = scene.topics[slates.items[j]]
                if slates.clicked[j] and not users.chosen[user, k]:
                    users.chosen[user, k] = True
                    judge_topic(users, scene, user, k)
            continue
        if day > users.last_day[user]:
            wake(users, scene, user, day)
        total = look(users, scene, slates, s, slate, fills)
        learn(users, scene, slates, s, slate, total)


@compiled
def add_up(
    slates: SlateArrays, scene: SceneArrays, expected: Array, fills: Array, items: Array, positions: Array, eta: Array
) -> None:
    """Add up what slates tell of items, positions and satiation: gradients of the log likelihood, and curvatures.

    Args:
        slates: what was shown.
        scene: as it is taken to be.
        expected: (n_users, K) E[e^theta].
        fills: (N,) satiation with the topic of each slot.
        items: (M, 2) sums of y - p and of p (1 - p); added to.
        positions: (L, 2) likewise.
        eta: (2,) gradient and curvature in eta; added to.
    """
    for s in range(slates.starts.shape[0] - 1):
        first, end = slates.starts[s], slates.starts[s + 1]
        if slates.days[first] < 0:
            continue
        total, shows = scene.outside, 0
        for j in range(first, end):
            total += slot_weight(slates, scene, expected, fills, j)
            shows += slates.clicked[j]
        shows = max(shows, 1)
        mean, square = 0.0, 0.0
        for j in range(first, end):
            p = slot_weight(slates, scene, expected, fills, j) / total
            surprise, spread = slates.clicked[j] - shows * p, shows * p * (1.0 - p)
            items[slates.items[j], 0] += surprise
            items[slates.items[j], 1] += spread
            positions[slates.positions[j], 0] += surprise
            positions[slates.positions[j], 1] += spread
            eta[0] -= surprise * fills[j]
            mean += p * fills[j]
            square += p * fills[j] * fills[j]
        eta[1] += shows * (square - mean * mean)


@inlined
def slot_weight(slates: SlateArrays, scene: SceneArrays, expected: Array, fills: Array, j: int) -> float:
    """Return gamma e^x of slot `j`, its taste at its mean.

    Args:
        slates: the slates as shown.
        scene: what is known of items and choice.
        expected: (n_users, K) E[e^theta].
        fills: (N,) satiation with the topic of each slot.
        j: row of the slot.
    """
    item = slates.items[j]
    weight = scene.pull[item] * expected[slates.rows[j], scene.topics[item]] * scene.examination[slates.positions[j]]
    return weight * np.exp(-scene.effect * fills[j])


@compiled
def judge_all(users: UserArrays, weight: Array, prior: Array) -> None:
    """Work out anew what follows from the likelihoods of all tastes, but for who the users are."""
    for u in range(users.odds.shape[0]):
        for k in range(users.odds.shape[1]):
            odds, mean0, mean1 = moments(users.likelihood, weight, prior, u, k)
            users.odds[u, k] = odds * CHOSEN if users.chosen[u, k] else odds
            users.mean_weight[u, k, 0], users.mean_weight[u, k, 1] = mean0, mean1
