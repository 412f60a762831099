"""SLOPE: what it takes by hand, and that a tuned clip is no worse than the best rung by much."""

from __future__ import annotations

import numpy as np
import pytest

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.judging import slope
from serendip.experiments.offline.judging.tuning import rungs, settle, with_rungs
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation


@pytest.mark.parametrize(
    ("values", "errors", "taken"),
    [
        ([0.5, 0.5, 0.5], [0.1, 0.05, 0.01], 2),  # all agree: the narrowest
        ([0.5, 0.45, 0.38], [0.1, 0.05, 0.01], 1),  # up to .39, and the second begins at .40
        ([0.5, 0.45, 0.395], [0.1, 0.05, 0.01], 2),  # up to .405
        ([0.5, 0.3, 0.5], [0.05, 0.01, 0.01], 0),  # what comes after the first that disagrees is not asked
        ([0.5], [0.3], 0),
    ],
)
def test_the_last_that_agrees_with_all_before_it_is_taken(values, errors, taken):
    assert slope.choose(values, errors) == taken


def heavy_log(rng, n=2000, n_actions=50):
    """Return a log with heavy weights and a reward model that is up to half off, and the value of its target."""
    logging = rng.dirichlet(np.full(n_actions, 0.3)) * 0.95 + 0.05 / n_actions
    target = rng.dirichlet(np.full(n_actions, 0.3))
    rate = rng.uniform(0.1, 0.9, n_actions)
    item = rng.choice(n_actions, n, p=logging)
    reward = (rng.random(n) < rate[item]).astype(float)
    model = np.clip(rate * rng.uniform(0.5, 1.5, n_actions), 0.0, 1.0)
    expected = np.full(n, target @ model)
    return Slots(np.arange(n), reward, logging[item], target[item], model[item], expected), float(target @ rate)


def test_tuned_shrinkage_beats_none_and_a_tuned_clip_is_near_the_best():
    # 60 seeded logs.  Of 60 others: an RMSE of .039 tuned, .060 for DR, .032 for the best of all rungs; a clip of IPS
    # .097, the best of its rungs .071.
    rng, clip, asked = np.random.default_rng(0), 2000**0.5, ("dr", "dr_os", "clipped_ips")
    errors = []
    for _ in range(60):
        slots, truth = heavy_log(rng)
        valuation = Valuation(Method(with_rungs(asked, clip), n_replicates=0, rows_are_users=True))
        valuation.update(slots)
        estimates = valuation.finish().estimates((0.0, 1.0))
        found, _, notes = settle(asked, estimates, clip)
        ladder = [estimates[rung].value for rung in rungs("clipped_ips", clip)]
        errors.append(np.array([*(found[name].value for name in asked), *ladder]) - truth)
        assert notes[0].startswith("SLOPE chose shrinkage")
    dr, shrunk, clipped, *fixed = np.sqrt(np.mean(np.square(errors), axis=0))
    assert shrunk < dr
    assert clipped < 2.0 * min(fixed)


def test_tuning_leaves_the_names_as_they_were(static_log):
    method = Method(n_replicates=50, tune=True)
    evaluation = evaluate(static_log.path, "uniform", method=method)
    of_one = [name for name in method.estimators if name != "balanced_snips"]  # which needs several loggers
    assert list(evaluation.estimates) == of_one
    assert any("SLOPE chose clip" in note for note in evaluation.notes)
    assert abs(evaluation.estimates["switch_dr"].value - static_log.rates.mean()) < 0.1
