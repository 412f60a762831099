"""Policies learned from logs: objectives by hand, and a world in which there is something to learn."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from serendip.agents import registry
from serendip.agents.beliefs.policy import Policy, PolicySettings
from serendip.experiments.__main__ import main
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.learning.claim import KEPT, LEAST, TIRES, Seen, claim, seen_by, shared
from serendip.experiments.offline.learning.examples import read_examples
from serendip.experiments.offline.learning.learn import learn
from serendip.experiments.offline.learning.objectives import OBJECTIVES, Batch, value
from serendip.experiments.offline.learning.train import Learning, chances, lower_bound, self_normalised, train
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Items, Visits

QUICK = Learning(objective="snips", epochs=12, batch=128)


def by_hand(policy, items, reward, propensity, predicted, clip):
    """Return the terms of IPS and of DR, slot by slot."""
    ips, dr = [], []
    for n in range(len(items)):
        for k in range(items.shape[1]):
            a = items[n, k]
            w = min(policy[n, a] / propensity[n, k], clip)
            ips.append(w * reward[n, k])
            dr.append(sum(policy[n] * predicted[n]) + w * (reward[n, k] - predicted[n, a]))
    return np.array(ips), np.array(dr)


def test_objectives_are_the_estimates_they_name():
    rng = np.random.default_rng(0)
    policy = rng.dirichlet(np.ones(4), 6)
    items = np.stack([rng.permutation(4)[:2] for _ in range(6)])
    reward, propensity, predicted = rng.random((6, 2)), rng.uniform(0.1, 1, (6, 2)), rng.random((6, 4))
    batch = Batch(*(torch.from_numpy(a) for a in (np.log(policy), items, reward, propensity, predicted)))
    ips, dr = by_hand(policy, items, reward, propensity, predicted, 1.5)
    for objective, terms in (("ips", ips), ("dr", dr)):
        for penalty in (0.0, 2.0):
            expected = terms.mean() - penalty * terms.std(ddof=1) / np.sqrt(12)
            assert float(value(batch, objective, 1.5, 0.0, penalty)) == pytest.approx(expected, rel=1e-12)
    likely = np.log(np.take_along_axis(policy, items, 1)) * np.minimum(reward / propensity, 1.5)
    assert float(value(batch, "loglik", 1.5, 0.0, 0.0)) == pytest.approx(likely.mean(), rel=1e-12)
    weights = np.minimum(np.take_along_axis(policy, items, 1) / propensity, 1.5)
    translated = (weights * (reward - 0.3)).mean()
    assert float(value(batch, "snips", 1.5, 0.3, 0.0)) == pytest.approx(translated, rel=1e-12)


@pytest.mark.parametrize("hidden", [0, 6])
def test_an_agent_scores_as_it_was_trained(write_log, tmp_path, hidden):
    log = write_log(tmp_path / "log", epsilon=0.9)
    examples, _ = read_examples(log.path, 0)
    rng = np.random.default_rng(1)
    belief = Policy(PolicySettings(hidden), Items(np.arange(8, dtype=np.int32) % 3, np.zeros(8, dtype=np.int32)))
    weights = {name: rng.normal(size=a.shape).astype(np.float32) for name, a in belief.weights.items()}
    belief.teach(weights)
    scores = belief.scores(examples.x).astype(np.float64)
    share = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = np.take_along_axis(share, examples.items, 1)
    np.testing.assert_allclose(chances(examples, weights), expected, rtol=1e-4)
    ratio = np.minimum(expected / examples.propensity, 5.0)
    worth = (ratio * examples.reward).sum() / ratio.sum()
    assert self_normalised(examples, weights, 5.0) == pytest.approx(worth, rel=1e-4)
    each = (expected / examples.propensity * examples.reward).mean(axis=1)
    b = np.sqrt(2 * np.log(20) / (len(each) * np.mean(each**2)))
    least = np.mean(np.log1p(b * each)) / b - np.log(20) / (b * len(each))
    assert lower_bound(examples, weights) == pytest.approx(least, rel=1e-4)
    assert least < each.mean()
    with pytest.raises(DataError, match="weights of shapes"):
        belief.teach({"last": np.zeros(3)})


def test_no_slot_is_learned_from_with_a_rate_that_knows_what_came_of_it(write_log, tmp_path):
    examples, history = read_examples(write_log(tmp_path / "log", n_days=3).path, 0)
    first = examples.x[:40]  # users who came on the first morning
    assert (first[..., 5] == 0.25).all()
    assert history.clicks.item_totals.sum() > 0
    fewer, _ = read_examples(tmp_path / "log", 0, most_pairs=len(examples) * 4)
    assert 0.3 * len(examples) < len(fewer) < 0.7 * len(examples)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_learned_policy_beats_the_logger_where_it_should(write_log, tmp_path, objective):
    # the logger shows 9 of 10 slates at random; in truth it earns .32 a slot and the best slate .55.  A policy that
    # knows nothing earns .31 exactly, so that .42 cannot come up by luck of the log's size unless it was learned;
    # loglik shows items as often as they would be clicked
    log = write_log(tmp_path / "log", n_users=150, n_days=8, epsilon=0.9)
    found = learn(log.path, dataclasses.replace(QUICK, objective=objective))
    visits = Visits(np.arange(150), 8, np.zeros(150, np.int32), np.ones(8, dtype=bool))
    assert found.agent.mixture(visits, 1).expected(log.rates).mean() > (0.36 if objective == "loglik" else 0.42)
    assert (found.gain.low if objective != "loglik" else found.gain.value) > 0.0
    assert found.learned.value - found.logged.value == pytest.approx(found.gain.value)
    # on another log: below its interval once in 40, and by then the gain is many standard errors
    found.agent.save(tmp_path / "agent")
    other = write_log(tmp_path / "other", n_users=150, n_days=4, epsilon=0.9, seed=1)
    again = evaluate(other.path, str(tmp_path / "agent"), method=Method(n_replicates=100))
    assert again.estimates["snips"].low > 0.33


def test_nothing_is_gained_where_nothing_can_be(write_log, tmp_path):
    # all clicks are coin flips: a gain beyond 4 standard errors comes up once in 30,000, however the epoch was chosen
    # among a hundred once in 300
    log = write_log(tmp_path / "log", n_users=150, n_days=6, epsilon=0.9, flat=True)
    found = learn(log.path, QUICK)
    assert abs(found.gain.value) < 4.0 * found.gain.standard_error


def test_a_hidden_layer_is_learned_too(write_log, tmp_path):
    log = write_log(tmp_path / "log", n_users=150, n_days=8, epsilon=0.9)
    found = learn(log.path, dataclasses.replace(QUICK, objective="dr", hidden=8, rate=0.02))
    assert found.gain.low > 0.0


def test_the_command_saves_an_agent(write_log, tmp_path, capsys):
    log = write_log(tmp_path / "log", n_users=80, n_days=4, epsilon=0.9)
    given = ["learn", str(log.path), "--out", str(tmp_path / "agent"), "--epochs", "2"]
    assert main([*given, "--json", str(tmp_path / "learned.json")]) == 0
    assert "serendip evaluate LOG2 --target" in capsys.readouterr().out.replace("\n", "")
    agent = registry.load(tmp_path / "agent")
    assert agent.settings.name == "policy"
    assert agent.version == 1
    assert main([*given, "--objective", "no"]) == 2
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    assert main(["learn", str(log.path), "--out", str(tmp_path / "taken")]) == 2
    assert "not a saved agent" in capsys.readouterr().err


def test_settings_out_of_range_are_refused():
    for wrong, match in (({"objective": "no"}, "allowed are ips, snips, dr, loglik"), ({"clip": 0.0}, "clip is 0.0"),
                         ({"epochs": 0}, "epochs is 0")):  # fmt: skip
        with pytest.raises(SettingsError, match=match):
            Learning(**wrong)


def seen(weight, hits, n=600, places=3, chance=0.1):
    """Return n slates of 60 users, of which a share `hits` is clicked once, all slots weighed alike."""
    reward = np.zeros((n, places))
    reward[np.arange(int(n * hits)), np.arange(int(n * hits)) % places] = 1.0
    return Seen(np.arange(n) % 60, reward, np.full((n, places), weight), np.full((n, places), chance))


def test_what_the_log_did_is_claimed_of_a_policy_that_does_the_same():
    found = claim(seen(1.0, 0.3))
    assert found.value.value == pytest.approx(0.1)
    assert found.gain.value == pytest.approx(0.0, abs=1e-12)
    assert shared(0.1, 0.1, 3) == pytest.approx(0.1)
    assert shared(0.0, 0.1, 3) == 0.0


def test_no_claim_is_above_what_a_slate_is_paid():
    shown = seen(1.0, 0.3)
    rich = dataclasses.replace(shown, weight=np.where(shown.reward > 0, 50.0, 0.1))
    found = claim(rich)
    alone = (rich.weight * rich.reward).sum() / rich.weight.sum()
    assert alone > 0.9  # what weights by position say of slots that cannot earn more than a third
    kept = KEPT - TIRES * rich.repeats
    assert found.value.value == pytest.approx(0.1 + kept * (shared(alone, 0.1, 3) - 0.1))
    assert found.value.low < 0.1 + LEAST * 0.24
    assert found.value.value < found.value.high <= 1 / 3 + 1e-12
    twice = dataclasses.replace(rich, reward=np.minimum(rich.reward + rich.reward[:, ::-1], 1.0))
    assert claim(twice).value.value > 0.5  # where slots are clicked each by itself they are paid each by itself


def test_who_says_what_it_is_worth_took_no_part_in_any_choice(write_log, tmp_path, monkeypatch):
    heard = {}

    def trained(learning, taught, held_out, progress=None):
        heard["taught"], heard["chose"] = set(taught.user), set(held_out.user)
        return train(learning, taught, held_out, progress)

    def asked(agent, source, users, seed):
        heard.setdefault("claims", set(users))
        assert heard["claims"] == set(users)
        return ask(agent, source, users, seed)

    where, ask = "serendip.experiments.offline.learning.learn", seen_by
    monkeypatch.setattr(f"{where}.train", trained)
    monkeypatch.setattr(f"{where}.seen_by", asked)
    log = write_log(tmp_path / "log", n_users=80, n_days=4, epsilon=0.9)
    found = learn(log.path, dataclasses.replace(QUICK, epochs=2))
    assert len(heard) == 3
    assert not heard["taught"] & heard["chose"]
    assert not heard["claims"] & (heard["taught"] | heard["chose"])
    assert found.take.startswith(("take the learned policy", "take logistic-greedy"))
    assert found.beside.value is not None
