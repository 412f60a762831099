"""Diagnostics: each sees what it is for, and no more than chance otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.offline.judging.diagnosis import diagnose
from serendip.experiments.offline.slots import slots
from serendip.experiments.offline.valuation import Method, Valuation


def valued(user, weight, reward):
    valuation = Valuation(Method(("snips",), n_replicates=0))
    half = np.full(len(user), 0.5)
    valuation.update(slots(user, reward, half, 0.5 * weight))
    return valuation.finish()


def design(user, reward):
    return diagnose(valued(user, np.ones(len(user)), reward), None, 0.0, False)["design_effect"]


def test_the_design_effect_says_how_alike_a_users_slots_are():
    rng = np.random.default_rng(1)
    user, mind = np.repeat(np.arange(500), 8), rng.integers(0, 2, 500).astype(float)
    alike, apart = mind[user], rng.integers(0, 2, 4000).astype(float)
    assert design(user, alike) == pytest.approx(8.0, rel=0.05)  # slots of a user agree
    assert design(user, apart) == pytest.approx(1.0, abs=0.3)  # 4 standard errors


def test_what_follows_one_another_is_seen_to_be_alike():
    rng = np.random.default_rng(2)
    wave = (np.sin(np.arange(4000) / 50.0) > 0).astype(float)  # rewards come and go, whoever is there
    user = np.arange(4000)
    assert valued(user, np.ones(4000), wave).serial.correlation() > 0.9
    assert abs(valued(user, np.ones(4000), rng.permutation(wave)).serial.correlation()) < 0.08  # 5 standard errors
    assert valued(user * 0, np.ones(4000), wave).serial.correlation() is None  # one user has no neighbours
