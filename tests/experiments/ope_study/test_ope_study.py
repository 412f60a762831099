"""The study of estimators: its world is what it says, and what is summed up is what was found."""

from __future__ import annotations

import json

import matplotlib.image
import numpy as np
import pytest
from rich.console import Console

from serendip.experiments.__main__ import main
from serendip.experiments.figures.ope_study import draw
from serendip.experiments.figures.style import save
from serendip.experiments.ope_study import study
from serendip.experiments.ope_study.cells import Cell, plan
from serendip.experiments.ope_study.one_step_world import OneStep, OneStepWorld
from serendip.experiments.ope_study.study import markdown, run, summed_up
from serendip.simulator.errors import SettingsError

QUIET = Console(quiet=True)
WORLD = OneStepWorld(OneStep(n_users=20_000, slate_size=2, n_items=8, epsilon=0.5), 3)
LOG = WORLD.log()


def test_the_truth_is_what_the_logging_policy_earns():
    earned = LOG.reward.mean(axis=1)
    by_user = np.bincount(LOG.user, earned - WORLD.truth(WORLD.logging))
    # users are alike within, so clustered; within 4.5 standard errors: false alarms 1 in 10^5
    assert abs(by_user.sum()) < 4.5 * by_user.std() * np.sqrt(len(by_user))


@pytest.mark.parametrize("k", [0, 3])
def test_weights_of_slots_and_slates_and_topics_are_those_of_the_target(k):
    target = WORLD.targets[k]
    seen = WORLD.seen_by(target, LOG)
    assert WORLD._chances(target).sum(axis=2) == pytest.approx(1.0)
    columns = {"item": seen.weight} | {n: seen.further[n] for n in ("slate_weight", "prefix_weight", "marginal_weight")}
    for name, weight in columns.items():
        by_user = np.bincount(seen.user, weight - 1.0)
        # mean weight 1, and IPS at the truth: 4.5 standard errors, 8 looks; false alarms 1 in 10^4
        assert abs(by_user.sum()) < 4.5 * by_user.std() * np.sqrt(len(by_user)), name
    off = np.bincount(seen.user, seen.weight * seen.reward - WORLD.truth(target))
    assert abs(off.sum()) < 4.5 * off.std() * np.sqrt(len(off))
    dr = seen.expected + seen.weight * (seen.reward - seen.predicted) - WORLD.truth(target)
    dr = np.bincount(seen.user, dr)
    assert abs(dr.sum()) < 4.5 * dr.std() * np.sqrt(len(dr))


def a_log(off, wide):
    """Return a log of three targets with truths 1, 2, 3, each estimate off by `off`."""
    rows = [
        {"ips": {"value": t + off, "intervals": {"default": [t + off - wide, t + off + wide]}}} for t in (1.0, 2.0, 3.0)
    ]
    return {"truths": [1.0, 2.0, 3.0], "estimates": rows}


def test_scores_are_what_can_be_worked_out_by_hand():
    [score] = summed_up(Cell("log size", 10, plan()[0].make), [a_log(0.5, 0.6), a_log(-1.0, 0.2)])
    assert score.n == 6
    assert score.bias == pytest.approx(-0.25 / 2.0)
    assert score.rmse == pytest.approx(np.sqrt((0.25 + 1.0) / 2.0) / 2.0)
    assert score.coverage == 0.5
    assert score.width == pytest.approx(0.8 / 2.0)
    assert score.rank_correlation == pytest.approx(1.0)
    assert "| ips | -12.5%, 39.5%, 50%, 1.00 |" in markdown([score])


def test_a_study_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    cells = [cell for cell in plan() if cell.name in ("log-size-100", "log-size-300", "horizon-15")]
    assert len(cells) == 3
    monkeypatch.setattr(study, "plan", lambda: cells)
    out = tmp_path / "out"
    first = run(out, 2, QUIET, 1)
    touched = {file: file.stat().st_mtime_ns for file in (out / "logs").rglob("*.json")}
    assert len(touched) == 6
    (out / "logs" / "log-size-100" / "0001.json").unlink()
    assert run(out, 2, QUIET, 1) == first
    assert sum(file.stat().st_mtime_ns != at for file, at in touched.items()) == 1
    assert main(["ope-study", "--logs", "2", "--out", str(out), "--json", "-"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert {"ips", "dr", "mips", "mis", "fitted_q"} <= {score["estimator"] for score in scores}
    assert (out / "table.md").read_text().startswith("| estimator | log size 100 | log size 300 |")
    assert matplotlib.image.imread(save(draw(first), tmp_path / "study.png")).shape[1] > 600


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(SettingsError, match="not empty, and not a folder that `serendip ope-study` wrote"):
        run(tmp_path, 2, QUIET)
    with pytest.raises(SettingsError, match="logs is 1; allowed is 2 to"):
        run(tmp_path / "new", 1, QUIET)
