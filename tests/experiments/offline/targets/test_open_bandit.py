"""The Open Bandit sampler's snapshot: its chances, and a log of it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from scipy.special import beta as B

from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.targets.open_bandit import rank_chances, read_priors
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError

QUICK = Method(n_replicates=50)


def test_equal_priors_give_equal_chances():
    np.testing.assert_allclose(rank_chances(np.full(7, 2.0), np.full(7, 30.0), 3), 1 / 7, rtol=1e-12)


def test_of_two_items_the_chance_is_the_closed_form():
    a, b, c, d = 3, 5, 4, 9  # P(X > Y) = sum_(i < a) B(c + i, b + d) / ((b + i) B(1 + i, b) B(c, d)) for Y ~ Beta(c, d)
    terms = (B(c + i, b + d) / ((b + i) * B(1 + i, b) * B(c, d)) for i in range(a))
    found = rank_chances(np.array([a, c], float), np.array([b, d], float), 2)
    assert found[0, 0] == pytest.approx(sum(terms), abs=1e-4)
    assert found[0, 0] == pytest.approx(found[1, 1], abs=1e-12)


def test_chances_are_those_of_many_draws():
    rng = np.random.default_rng(1)
    alpha, beta = rng.uniform(1.0, 40.0, 9), rng.uniform(300.0, 4000.0, 9)
    n = 200_000
    ranks = np.argsort(-rng.beta(alpha, beta, (n, 9)), axis=1)[:, :3]
    shares = np.stack([np.bincount(ranks[:, k], minlength=9) / n for k in range(3)])
    found = rank_chances(alpha, beta, 3)
    error = np.sqrt(np.maximum(found * (1 - found), 1e-6) / n)
    assert (np.abs(found - shares) < 5.0 * error + 1e-6).all()  # 27 chances: false alarms 2 in 10^5


def campaign(folder, n=3000):
    """Write a campaign of 6 items and 3 places, shown at random, with the priors two folders above."""
    rng = np.random.default_rng(2)
    (folder / "random" / "women").mkdir(parents=True)
    item = rng.integers(0, 6, n)
    columns = {
        "item_id": item,
        "position": rng.integers(1, 4, n),
        "click": (rng.random(n) < 0.1 + 0.1 * item).astype(int),
    }
    file = folder / "random" / "women" / "women.csv"
    pacsv.write_csv(pa.table(columns | {"propensity_score": np.full(n, 1 / 6)}), file)
    (file.parent / "item_context.csv").write_text("item_id\n0\n")
    rows = ["women:", "  alpha:", *(f"    - {2.0 + i}" for i in range(6)), "  beta:", *["    - 10.0"] * 6]
    (folder / "prior_bts.yaml").write_text("\n".join(rows) + "\n")
    return file.parent


def test_a_campaign_is_valued_for_its_snapshot(tmp_path):
    evaluation = evaluate(campaign(tmp_path), "bts", method=QUICK)
    alpha, beta = read_priors(tmp_path / "prior_bts.yaml")["women"]
    truth = rank_chances(alpha, beta, 3).mean(axis=0) @ (0.1 + 0.1 * np.arange(6))
    for name in ("snips", "dr", "dm"):
        estimate = evaluation.estimates[name]
        assert abs(estimate.value - truth) < 0.05  # 3,000 slots: five standard errors
    assert abs(evaluation.diagnostics["mean_weight_z"]) < 4.0
    assert any("adaptive" in note for note in evaluation.notes)


def test_without_priors_it_is_no_target(static_log):
    with pytest.raises(DataError, match=r"no prior_bts\.yaml two folders above"):
        evaluate(static_log.path, "bts", method=QUICK)


@pytest.mark.parametrize("wrong", ["women:\n  alpha:\n    - x\n", "women:\n  alpha:\n    - 1.0\n", "    - 1.0\n"])
def test_priors_that_are_none_are_refused(tmp_path, wrong):
    (tmp_path / "prior_bts.yaml").write_text(wrong)
    with pytest.raises(DataError, match=r"prior_bts\.yaml"):
        read_priors(tmp_path / "prior_bts.yaml")


def real(campaign_name):
    places = [
        Path(os.environ.get("SERENDIP_DATA", "/nowhere")),
        Path(__file__).resolve().parents[5] / "shared" / "data",
    ]
    found = [place / "open-bandit" / campaign_name for place in places if (place / "open-bandit").is_dir()]
    if not found:
        pytest.skip("the Open Bandit data is not beside the repository; set SERENDIP_DATA to its folder")
    return found[0]


def test_women_from_the_sampler_to_random_cannot_be_told():
    evaluation = evaluate(real("bts/women"), "uniform", method=QUICK)
    assert evaluation.verdict == "invalid"
    assert evaluation.diagnostics["effective_sample_size"] == pytest.approx(2.08, abs=0.01)


@pytest.mark.parametrize("name", ["all", "men", "women"])
def test_the_snapshot_has_a_mean_weight_of_one_in_the_random_log(name):
    # 10,000 rows a campaign; three seeds of nature at 4 standard errors: false alarms 2 in 10^4, once for ever.
    assert abs(evaluate(real(f"random/{name}"), "bts", method=QUICK).diagnostics["mean_weight_z"]) < 4.0
