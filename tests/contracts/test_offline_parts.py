"""Every estimator, reward model and interval: what its card promises; and parts from outside, in one file each."""

from __future__ import annotations

import json

import numpy as np
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.offline.contract import check_estimator, check_interval, check_reward_model
from serendip.experiments.offline.estimators import ESTIMATORS
from serendip.experiments.offline.intervals import INTERVALS
from serendip.experiments.offline.reading import PROPENSITY_MODELS
from serendip.experiments.offline.reward_models import REWARD_MODELS

REGISTRIES = {"estimators": ESTIMATORS, "reward-models": REWARD_MODELS, "intervals": INTERVALS}
TOY = {  # kind: a file from outside
    "estimators": '''
from serendip.experiments.offline.estimators.card import EstimatorCard
from serendip.experiments.offline.slots import Terms


def half(slots):
    """Return the terms of half of IPS."""
    return Terms(0.5 * slots.weighted)


CARD = EstimatorCard(name="toy", summary="Half of IPS, for a test.", make=half, title="toy")
''',
    "reward-models": '''
import numpy as np

from serendip.experiments.offline.reward_models.card import RewardModelCard


def mean(counts, sums, topic):
    """Return the mean reward for everything."""
    return np.full(counts.shape, sums.sum() / max(counts.sum(), 1.0))


CARD = RewardModelCard(name="toy", summary="The mean, for a test.", make=mean)
''',
    "intervals": """
from serendip.experiments.offline.intervals.card import IntervalCard

CARD = IntervalCard(name="toy", summary="Ten standard errors, for a test.",
                    make=lambda q: (q.value - 10 * q.error, q.value + 10 * q.error))
""",
}


@pytest.fixture(params=TOY)
def toy(request, tmp_path):
    """Let a part from a file of its own be one of those that are known; return its kind and its card."""
    file = tmp_path / "toy.py"
    file.write_text(TOY[request.param])
    card = REGISTRIES[request.param].admit(f"{file}:CARD")
    yield request.param, card
    REGISTRIES[request.param].dismiss("toy")


CHECKS = {"estimators": check_estimator, "reward-models": check_reward_model, "intervals": check_interval}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, parts in REGISTRIES.items() for name in parts])
def test_a_part_is_what_its_card_says(kind, name):
    if name == "boosting":
        pytest.importorskip("sklearn")
    card = REGISTRIES[kind].card(name)
    assert card.name == name
    CHECKS[kind](card)


def test_a_part_from_outside_passes_the_same_checks_and_is_listed(toy, capsys):
    kind, card = toy
    CHECKS[kind](card)
    assert main(["list", kind]) == 0
    assert "for a test." in capsys.readouterr().out


@pytest.mark.parametrize("name", PROPENSITY_MODELS)
def test_a_propensity_model_says_what_it_is_for(name):
    assert PROPENSITY_MODELS.card(name).summary.endswith(".")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    file = tmp_path_factory.mktemp("table") / "log.csv"
    rng = np.random.default_rng(0)
    rows = [f"{u},{u % 3},0.5,0.5,{int(rng.random() < 0.4)},0.4,0.4" for u in range(200)]
    file.write_text("user,item,propensity,pi,reward,predicted,expected\n" + "\n".join(rows) + "\n")
    return file


def test_an_estimator_from_outside_is_made_by_name_or_from_its_file(table, tmp_path, capsys):
    file = tmp_path / "toy.py"
    file.write_text(TOY["estimators"])
    command = ["evaluate", str(table), "--target-column", "pi", "--json", "-"]
    try:
        assert main([*command, "--estimators", "ips", f"{file}:CARD"]) == 0
        first = json.loads(capsys.readouterr().out)["estimates"]
        assert main([*command, "--estimators", "ips", "toy"]) == 0  # known from now on
        assert json.loads(capsys.readouterr().out)["estimates"] == first
    finally:
        ESTIMATORS.dismiss("toy")
    assert first["toy"]["value"] == pytest.approx(0.5 * first["ips"]["value"])


def test_an_interval_from_outside_stands_beside_every_estimate(table, tmp_path, capsys):
    file = tmp_path / "toy.py"
    file.write_text(TOY["intervals"])
    INTERVALS.admit(f"{file}:CARD")
    try:
        assert main(["evaluate", str(table), "--target-column", "pi", "--json", "-", "--estimators", "snips"]) == 0
    finally:
        INTERVALS.dismiss("toy")
    assert "toy" in json.loads(capsys.readouterr().out)["estimates"]["snips"]["others"]
