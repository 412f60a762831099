"""The suite: every belief with every strategy, in pieces that survive a kill."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from rich.console import Console
from scipy.stats import beta

from serendip.agents.beliefs.belief import Luck
from serendip.agents.strategies import STRATEGIES
from serendip.experiments.bandits import LEARNERS, TASKS
from serendip.experiments.bandits.counts import BetaPosterior
from serendip.experiments.bandits.play import PLAYED, play
from serendip.experiments.bandits.report import Row, rows, verdicts
from serendip.experiments.bandits.suite import APPLY, Plan, run_suite, units
from serendip.experiments.cli.main import run as serendip
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Visits

PAIRS = [(task, learner) for task in APPLY for learner in APPLY[task]]


def nothing(done):
    pass


def test_every_bandit_belief_and_strategy_is_played():
    assert set(APPLY) == set(TASKS)
    assert {learner for learners in APPLY.values() for learner in learners} == set(LEARNERS)
    not_for_rewards = {  # a softmax is of logits that a policy learned; some fill slates by a choice model: none here
        "uniform",
        "softmax",
        *(name for name in STRATEGIES if STRATEGIES.card(name).belief.startswith("choice-")),
    }
    assert set(PLAYED) == set(STRATEGIES) - not_for_rewards | {"epsilon .1"}


@pytest.mark.parametrize(("task", "learner"), [pair for pair in PAIRS if pair[0] not in ("network", "wheel")])
def test_same_seed_same_regret_and_none_is_negative(task, learner):
    one, other = (play(task, learner, 25, 2, 3, nothing) for _ in range(2))
    assert set(one.regret) == set(PLAYED)
    for name in PLAYED:
        np.testing.assert_array_equal(one.regret[name], other.regret[name])
        assert one.regret[name].shape == (1, 2, len(one.rounds))
        assert (np.diff(one.regret[name], axis=2) >= -1e-9).all()
    assert one.rounds[-1] == 25


@pytest.mark.parametrize("learner", APPLY["network"])
def test_arms_told_apart_by_their_features_are_played(learner):
    played = play("network", learner, 12, 2, 3, nothing)
    assert all(np.isfinite(regret).all() for regret in played.regret.values())


def test_a_strategy_meets_the_same_whoever_else_is_there():
    """A run's regret is its own, however many runs stand beside it."""
    few, many = (play("wheel", "linear", 30, n, 3, nothing) for n in (2, 3))
    for name in PLAYED:
        np.testing.assert_allclose(few.regret[name], many.regret[name][:, :2], atol=1e-9)


def test_thompson_learns_the_easy_wheel():
    """At delta .5 a random arm loses 37 a round, and Thompson sampling soon less than half of it."""
    played = play("wheel", "linear", 300, 4, 1, nothing)
    assert played.regret["thompson"][0, :, -1].mean() < 0.5 * played.uniform[0, :, -1].mean()


def test_beta_posterior_has_its_moments():
    """Moments in closed form; of 20,000 draws the mean within 5 standard errors, broken once in 1.7 million."""
    visits = Visits(np.arange(20_000), 0, np.zeros(20_000, np.int32), np.ones(1, dtype=bool))
    posterior = BetaPosterior(np.full((20_000, 1), 3.0), np.full((20_000, 1), 5.0))
    luck, law = Luck(1, visits), beta(3, 5)
    np.testing.assert_allclose(posterior.mean(luck)[0, 0], law.mean(), rtol=1e-6)
    np.testing.assert_allclose(posterior.spread(luck)[0, 0], law.std(), rtol=1e-6)
    assert abs(posterior.draw(0, luck).mean() - law.mean()) <= 5 * law.std() / np.sqrt(20_000)


def test_shares_are_of_uniform_and_greed_is_named(tmp_path):
    wanted = units(Plan(20, 3, 0), ["linear"], ["linear"], long=False)
    run_suite(Plan(20, 3, 0), wanted, tmp_path, Console(quiet=True), jobs=1)
    (row,) = rows(wanted, tmp_path)
    played = wanted[0].read(tmp_path)
    share = 100 * played.regret["greedy"][0, :, -1] / played.uniform[0, :, -1]
    assert row.cell("greedy") == (pytest.approx(share.mean()), pytest.approx(share.std(ddof=1) / np.sqrt(3)))
    assert verdicts([row]) == ["linear, linear, T = 20: no verdict from 3 runs; it takes 9 or more"]


def test_a_strategy_is_better_where_that_is_clear():
    greedy = np.linspace(20.0, 30.0, 10)[:, None]
    share = {
        "greedy": greedy,
        "ucb": greedy - 5.0 - 0.1 * greedy,
        "novelty": greedy + 0.1 * greedy,
        "top-two": greedy + np.tile([[1.0], [-1.0]], (5, 1)),
        "thompson": greedy - 2.0,  # the same difference in every run is none that can be tested
    }
    (line,) = verdicts([Row("b", "linear", 20, np.array([20]), share)])
    assert line == "b, linear, T = 20: better than greedy: ucb; worse: novelty"


def test_a_folder_holds_one_plan(tmp_path):
    plan = Plan(10, 2, 0)
    run_suite(plan, units(plan, ["bernoulli"], ["beta"], long=False), tmp_path, Console(quiet=True), jobs=1)
    with pytest.raises(SettingsError, match="holds results with horizon 10, not 11"):
        run_suite(Plan(11, 2, 0), [], tmp_path, Console(quiet=True))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["--bandits", "no"], "unknown bandit 'no'; known: bernoulli"),
        (["--beliefs", "no"], "unknown belief 'no'; known: beta"),
        (["--bandits", "wheel", "--beliefs", "beta"], "applies to these bandits; wheel: linear"),
        (["--runs", "1"], "there are 1 runs"),
    ],
)
def test_what_cannot_be_played_is_one_sentence(given, complaint, capsys, tmp_path):
    assert serendip(["bandits", *given, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_a_killed_suite_goes_on_to_the_same_bytes(tmp_path):
    words = ["bandits", "--bandits", "bernoulli", "--beliefs", "beta", "bootstrap", "--horizon", "150", "--runs", "2"]

    def command(out):
        flags = [*words, "--jobs", "1", "--out", str(out), "--json", "-"]
        return [sys.executable, "-m", "serendip.experiments", *flags]

    first = tmp_path / "bernoulli-beta-150.json"
    process = subprocess.Popen(command(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not first.exists() and process.poll() is None:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    written = first.stat().st_mtime_ns
    again = subprocess.run(command(tmp_path), capture_output=True, text=True, check=True)
    whole = subprocess.run(command(tmp_path / "whole"), capture_output=True, text=True, check=True)
    assert first.stat().st_mtime_ns == written
    assert again.stdout == whole.stdout
    assert json.loads(again.stdout)["rows"][0]["belief"] == "beta"
    assert (tmp_path / "table.md").read_bytes() == (tmp_path / "whole" / "table.md").read_bytes()
    assert (tmp_path / "figures" / "regret-beta.png").exists()
