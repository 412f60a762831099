"""The bandits themselves: what they pay, and that nobody's choice moves their luck."""

import pkgutil

import numpy as np
import pytest

from serendip.experiments.bandits import TASKS
from serendip.experiments.bandits.contextual import Wheel


@pytest.fixture(params=TASKS)
def task(request):
    return request.param


def made(name, n_runs=3, horizon=20, seed=5):
    return pkgutil.resolve_name(TASKS[name])(n_runs, horizon, seed)


def test_a_run_is_the_same_whatever_runs_beside_it(task):
    few, many = made(task, 2), made(task, 4)
    rows = np.concatenate([np.arange(2) + 4 * g for g in range(len(few.groups))])
    for t in (0, 7):
        one, other = few.scene(t), many.scene(t)
        np.testing.assert_array_equal(one.context, other.context[rows])
        np.testing.assert_array_equal(one.expected, other.expected[rows])
        arms = np.arange(len(other.context)) % many.n_arms
        np.testing.assert_array_equal(few.rewards(t, one, arms[rows]), many.rewards(t, other, arms)[rows])


def test_rewards_have_the_means_they_are_said_to_have(task):
    """The mean of 2,000 rewards less their means, within 5 standard errors: broken once in 1.7 million."""
    bandits = made(task, 20, 100)
    off = list[float]()
    for t in range(100):
        scene = bandits.scene(t)
        arms = (np.arange(len(scene.context)) + t) % bandits.n_arms
        paid = bandits.rewards(t, scene, arms)
        off += (paid - scene.expected[np.arange(len(arms)), arms])[:20].tolist()
        assert not bandits.clicks or set(paid.tolist()) <= {0.0, 1.0}
    assert scene.context[:, 0].tolist() == [1.0] * len(scene.context)
    assert abs(np.mean(off)) <= 5 * np.std(off) / np.sqrt(len(off))


def test_the_wheel_pays_as_published():
    bandits = Wheel(400, (0.5, 0.95), key=1)
    scene = bandits.scene(0)
    radius = np.hypot(scene.context[:, 1], scene.context[:, 2])
    assert radius.max() <= 1.0
    np.testing.assert_array_equal(scene.context[:400], scene.context[400:])
    quadrant = (np.arctan2(scene.context[:, 2], scene.context[:, 1]) % (2 * np.pi) // (np.pi / 2)).astype(int)
    for run, (r, q) in enumerate(zip(radius, quadrant, strict=True)):
        expected = np.array([1.2, 1.0, 1.0, 1.0, 1.0])
        if r > (0.5 if run < 400 else 0.95):
            expected[1 + q] = 50.0
        np.testing.assert_array_equal(scene.expected[run], expected)
    share = (radius[:400] > 0.5).mean()  # 1 - .5^2; 5 standard errors
    assert abs(share - 0.75) <= 5 * np.sqrt(0.75 * 0.25 / 400)
