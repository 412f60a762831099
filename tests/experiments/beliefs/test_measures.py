import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from serendip.experiments.beliefs import measures
from serendip.experiments.beliefs.kinds import N_KINDS
from serendip.experiments.beliefs.report import Plan, run
from serendip.experiments.beliefs.site import lived_in
from serendip.simulator.errors import SettingsError

CLICKED = np.array([True, False, True, True])
OWNER = np.array([3, 3, 8, 8])


def test_expected_calibration_error_by_hand():
    predicted = np.array([0.1, 0.2, 0.7, 0.9])
    got = measures.expected_calibration_error(predicted, np.array([False, True, True, True]), n_bins=2)
    assert got == pytest.approx((abs(0.15 - 0.5) + abs(0.8 - 1.0)) / 2)


def test_epistemic_gain_by_enumeration():
    chances = np.array([[0.9, 0.2, 0.6, 0.7], [0.3, 0.8, 0.1, 0.2]])
    likely = np.where(CLICKED, chances, 1.0 - chances)
    joint = [likely[:, user == OWNER].prod(axis=1).mean() for user in (3, 8)]
    alone = [likely[:, user == OWNER].mean(axis=0).prod() for user in (3, 8)]
    assert measures.epistemic_gain(chances, CLICKED, OWNER) == pytest.approx(
        np.log(joint).mean() - np.log(alone).mean()
    )


@pytest.mark.parametrize("n_draws", [1, 32])
def test_epistemic_gain_without_doubt_is_exactly_zero(n_draws):
    chances = np.tile(np.random.default_rng(0).random(4), (n_draws, 1))
    assert measures.epistemic_gain(chances, CLICKED, OWNER) == 0.0


def test_epistemic_gain_of_doubts_that_go_together_is_positive():
    """Two kinds of users, .9 or .1 for all ten items: what a user did first says which one it is."""
    kind = np.repeat([True, False], 100)
    chances = np.stack([np.full(2000, 0.9), np.full(2000, 0.1)])
    clicked = np.random.default_rng(1).random(2000) < np.repeat(np.where(kind, 0.9, 0.1), 10)
    assert measures.epistemic_gain(chances, clicked, np.repeat(np.arange(200), 10)) > 2.0


def test_doubt_of_single_items_gains_where_an_item_is_shown_again_and_nowhere_else():
    """Log odds off by N(0, 1), each item's on its own, as the belief says: 4 standard errors, once in 16,000."""
    rng, n, tau = np.random.default_rng(4), 4000, 10
    truth = measures.sigmoid(rng.normal(size=(n, tau)))
    drawn = measures.sigmoid(rng.normal(size=(200, n, tau)))
    again = np.repeat([0, 5], 5)
    owner = np.repeat(np.arange(n), tau)

    def gains(chances, chance):
        clicked = rng.random(chance.shape) < chance
        parts = [
            measures.epistemic_gain(chances[:, rows].reshape(200, -1), clicked[rows].ravel(), owner[: 400 * tau])
            for rows in np.arange(n).reshape(10, 400)
        ]
        return np.mean(parts), np.std(parts, ddof=1) / np.sqrt(len(parts))

    mean, error = gains(drawn[:, :, again], truth[:, again])
    assert mean > 4 * error
    assert mean > 0.2
    mean, error = gains(drawn, truth)
    bias = (1.17**10 - 1.0) / (2 * 200)  # of 200 draws: 1 + the squared variation of one answer's chance is 1.17
    assert -4 * error - 2 * bias < mean < 4 * error


def test_coverage_by_hand():
    chances = np.linspace(0.0, 1.0, 101)[:, None] * np.ones(3)
    assert measures.coverage(chances, np.array([0.05, 0.5, 0.96])) == pytest.approx(2 / 3)


def test_link_is_logistic_regression_where_there_is_one_score():
    """At its optimum the residuals sum to nothing, alone and times the score."""
    rng = np.random.default_rng(2)
    scores = rng.normal(size=500) * 3.0
    clicked = rng.random(500) < measures.sigmoid(0.5 * scores - 1.0)
    slope, intercept = measures.fit_link(scores[None], clicked)
    residual = clicked - measures.sigmoid(slope * scores + intercept)
    np.testing.assert_allclose([residual.mean(), (residual * scores).mean()], 0.0, atol=1e-3)


def test_items_held_back_are_never_shown():
    site = lived_in("tiny", 0, 3, 0.25)
    assert site.never.sum() >= 16
    assert site.history.exposures.item_totals[~site.never].min() > 0


def test_a_finished_seed_is_not_run_again_and_other_settings_are_refused(tmp_path):
    plan = Plan("tiny", days=2, epochs=1, draws=2)
    values = run(plan, 1, tmp_path, Console(quiet=True))
    gains = {row["name"]: row["calibration"]["all"]["gain"] for row in values["beliefs"]}
    assert gains["point"] == gains["EASE, point"] == 0.0
    again = {row["name"]: row["calibration"]["all"]["gain_again"] for row in values["beliefs"]}
    assert again["point"] == again["EASE, point"] == 0.0
    assert imread(tmp_path / "calibration.png").std() > 0.05
    assert len(values["beliefs"]) == N_KINDS
    written = (tmp_path / "seed-0.json").stat().st_mtime_ns
    assert run(plan, 1, tmp_path, Console(quiet=True)) == values
    assert (tmp_path / "seed-0.json").stat().st_mtime_ns == written
    with pytest.raises(SettingsError, match="holds results with days 2, not 3"):
        run(Plan("tiny", days=3, epochs=1, draws=2), 1, tmp_path, Console(quiet=True))
