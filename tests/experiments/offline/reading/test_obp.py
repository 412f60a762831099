"""The same numbers as `obp`, on its own files, to 1e-12; and its dictionaries in and out."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pytest

from serendip.experiments.offline import estimators
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.obp_format import from_obp, to_obp
from serendip.experiments.offline.reading.opening import open_source
from serendip.experiments.offline.valuation import Method, Valuation
from serendip.simulator.errors import DataError

PAIRS = {  # ours, its class there, its settings there
    "ips": ("InverseProbabilityWeighting", {}),
    "snips": ("SelfNormalizedInverseProbabilityWeighting", {}),
    "dm": ("DirectMethod", {}),
    "dr": ("DoublyRobust", {}),
    "sndr": ("SelfNormalizedDoublyRobust", {}),
    "switch_dr": ("SwitchDoublyRobust", {"tau": 3.0}),
    "dr_os": ("DoublyRobustWithShrinkage", {"lambda_": 5.0}),
}


@pytest.fixture(scope="module")
def obp():
    """The estimators of `obp`; it warns of what its own dependencies deprecate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("obp.ope")
        except ImportError as error:
            pytest.skip(f"obp, or what it needs, is not installed ({error})")


def random_policy(feedback, length, seed=0):
    rng = np.random.default_rng(seed)
    n, k = feedback["n_rounds"], feedback["n_actions"]
    target = rng.dirichlet(np.full(k, 0.5), (n, length)).transpose(0, 2, 1)
    return target, rng.random((n, k, length)) * 0.1


@pytest.mark.parametrize("campaign", ["all", "men", "women"])
def test_the_numbers_are_those_of_obp_on_its_files(obp, data_folder, campaign):
    source = open_source(data_folder / "open-bandit" / "random" / campaign)
    feedback = to_obp(source)
    target, model = random_policy(feedback, source.slate_size)
    slots = from_obp(feedback, target, model)
    valuation = Valuation(Method(tuple(PAIRS), {"clip": 3.0, "shrinkage": 5.0}, n_replicates=0, rows_are_users=True))
    valuation.update(slots)
    found = valuation.finish().estimates((0.0, 1.0))
    keys = {name: feedback[name] for name in ("reward", "action", "pscore", "position")}
    for name, (kind, settings) in PAIRS.items():
        theirs = getattr(obp, kind)(**settings).estimate_policy_value(
            **keys, action_dist=target, estimated_rewards_by_reg_model=model
        )
        assert found[name].value == pytest.approx(theirs, rel=1e-12, abs=1e-15), name


def test_a_dictionary_goes_in_and_out(static_log):
    feedback = to_obp(LogSource(static_log.path))
    assert feedback["n_rounds"] == len(feedback["action"]) == len(feedback["context"])
    assert feedback["action_context"].shape == (8, 3)
    target, model = random_policy(feedback, 2)
    slots = from_obp(feedback, target, model)
    for row in (0, 5, len(slots) - 1):
        a, k = feedback["action"][row], feedback["position"][row]
        assert slots.target[row] == target[row, a, k]
        assert slots.expected[row] == pytest.approx((target[row, :, k] * model[row, :, k]).sum(), rel=1e-12)
    no_model = from_obp(feedback, target, users=np.zeros(len(slots), dtype=np.int64))
    assert np.isnan(estimators.make("dm")(no_model).numerator).all()
    assert no_model.user.max() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pscore": None}, "no 'pscore'"),
        ({"pscore": np.array([0.5, 0.0])}, "round 1: pscore is 0"),
        ({"action_dist": np.ones((2, 3))}, r"action_dist is \(2, 3\); it must be \(2, n_actions, len_list\)"),
    ],
)
def test_a_dictionary_that_is_none_is_refused(change, message):
    feedback = {"action": np.array([0, 1]), "reward": np.ones(2), "pscore": np.full(2, 0.5), "position": None}
    feedback |= {"action_dist": np.full((2, 3, 1), 1 / 3)} | change
    with pytest.raises(DataError, match=message):
        from_obp(feedback, feedback.pop("action_dist"))
