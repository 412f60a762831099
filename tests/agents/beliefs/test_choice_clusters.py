"""Groups of items are found where they can be, and nothing of the catalogue's topics is read."""

import numpy as np
import scipy.sparse as sparse

from serendip.agents.beliefs.choice.arrays import SceneArrays, SlateArrays
from serendip.agents.beliefs.choice.clusters import cluster_items, regrouped, score_groups

OUTSIDE = 2.7


def same_groups(one, other):
    """Whether two labellings group alike."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


def test_items_that_go_together_are_grouped():
    """Sixty users who each click four of ten items of one kind; two more items nobody clicked."""
    rng = np.random.default_rng(0)
    clicks = np.zeros((60, 42), dtype=np.float32)
    for user in range(60):
        clicks[user, 10 * (user % 4) + rng.choice(10, 4, replace=False)] = 1.0
    labels = cluster_items(sparse.csr_array(clicks), 4, np.random.default_rng(1))
    assert same_groups(labels[:40], np.repeat(np.arange(4), 10))
    assert labels[40:].tolist() == [4, 4]
    assert cluster_items(sparse.csr_array((5, 3), dtype=np.float32), 2, rng).tolist() == [2, 2, 2]


def test_scores_of_groups_are_log_likelihoods():
    rng = np.random.default_rng(2)
    topics, n_groups = np.array([0, 1, 2, 0]), 3
    expected = np.exp(rng.normal(size=(2, n_groups)))
    scene = SceneArrays(
        topics,
        None,
        None,
        None,
        np.array([1.0, 0.8]),
        np.exp(rng.normal(size=4)),
        0.2,
        None,
        OUTSIDE,
        np.ones(1),
        0.2,
        np.ones(2),
    )
    rows, items = np.array([0, 0, 1, 1, 0, 0]), np.array([0, 1, 2, 3, 1, 2])
    days, clicked = np.array([0, 0, 0, 0, -1, -1]), np.array([True, False, False, False, True, False])
    fills = rng.random(6).astype(np.float32)
    empty = np.zeros(1)
    scene = scene._replace(weight=empty, prior=np.zeros((2, 1)), liked=np.zeros((1, 1)), fading=empty)
    slates = SlateArrays(np.array([0, 2, 4, 6]), rows, days, np.array([0, 1] * 3), items, clicked)
    scores = np.zeros((4, n_groups))
    score_groups(slates, scene, expected, fills, scores)
    slow = np.zeros((4, n_groups))
    for first in (0, 2):
        for j in (first, first + 1):
            for g in range(n_groups):
                labels = topics.copy()
                labels[items[j]] = g
                weight = [
                    scene.pull[items[i]]
                    * expected[rows[i], labels[items[i]]]
                    * scene.examination[i - first]
                    * np.exp(-0.2 * fills[i])
                    for i in (first, first + 1)
                ]
                chance = weight[j - first] / (OUTSIDE + sum(weight))
                slow[items[j], g] += np.log(chance if clicked[j] else 1.0 - chance)
    np.testing.assert_allclose(scores, slow, rtol=1e-5)


def test_an_item_moves_only_where_another_group_is_clearly_better():
    scores = np.array([[0.0, 2.0], [0.0, 4.0], [0.0, 0.0]])
    assert regrouped(np.array([0, 0, 1]), scores).tolist() == [0, 1, 1]
