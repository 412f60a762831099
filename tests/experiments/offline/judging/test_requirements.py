"""Estimators that need more than a propensity: what they give where the log has it, what is said where not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.agents import registry
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Feedback, Items, Visits
from serendip.simulator.logs import LogMeta, LogWriter

EXTRA = ("snips", "mips", "off_cem", "cascade_ips", "cascade_dr", "pseudo_inverse")


def write_log(path, name, n_users=300, n_days=4, **settings):
    """Write a log of an agent that never learns; a click hangs on the item's topic and the position alone."""
    rng = np.random.default_rng(5)
    items = Items(np.arange(9, dtype=np.int32) % 3, np.zeros(9, dtype=np.int32))
    agent = registry.make(name, items, 2, 4, **settings)
    agent.save(path.parent / "agent")
    rates = np.array([[0.1, 0.4, 0.7], [0.05, 0.3, 0.5]])
    writer, users = LogWriter(path), np.arange(n_users)
    for day in range(n_days):
        visits = Visits(users, day, np.zeros(n_users, np.int32), items.available(day))
        slates = agent.act(visits, 99)
        clicks = rng.random((n_users, 2)) < rates[np.arange(2), items.topic[slates.items]]
        writer.append(visits, slates, Feedback(clicks))
        agent.observe(visits, slates, Feedback(clicks))
    days = {"first_day": users * 0, "last_day": users * 0 + n_days - 1, "censored": [True] * n_users}
    table = pa.table({"user_id": users, "cohort": ["all"] * n_users, **days})
    writer.close(LogMeta("own", (name,), 2, n_days, key=99), table, items)
    return path, rates


@pytest.mark.parametrize(("name", "extra"), [("uniform", EXTRA), ("popularity", EXTRA[:-1])])
def test_a_log_whose_agent_is_known_has_weights_of_topics_and_of_beginnings(tmp_path, name, extra):
    settings = {} if name == "uniform" else {"epsilon": 0.5}
    log, rates = write_log(tmp_path / "log", name, **settings)
    evaluation = evaluate(log, "uniform", method=Method(extra, n_replicates=50))
    truth = rates.mean()  # topics are as frequent as each other
    for estimator in extra:
        found = evaluation.estimates[estimator]
        assert abs(found.value - truth) < 5 * found.standard_error, estimator  # seeded: false alarms 1 in 10^5
    if name == "uniform":  # the target is the logger: all weights are 1
        clicks = evaluation.estimates["snips"].value
        for estimator in ("mips", "cascade_ips", "pseudo_inverse"):
            assert evaluation.estimates[estimator].value == pytest.approx(clicks, rel=1e-12)


def test_topics_leave_less_noise_than_items(tmp_path):
    log, _ = write_log(tmp_path / "log", "uniform")
    saved = registry.make("popularity", Items(np.arange(9, dtype=np.int32) % 3, np.zeros(9, np.int32)), 2, 8)
    saved.save(tmp_path / "target")
    found = evaluate(log, str(tmp_path / "target"), method=Method(("ips", "mips"), n_replicates=0)).estimates
    assert found["mips"].standard_error < found["ips"].standard_error


def test_what_a_log_lacks_is_said_in_one_sentence(static_log):
    with pytest.raises(
        DataError, match="nothing can be estimated: mips is left out: needs the logging policy's chance"
    ):
        evaluate(static_log.path, "uniform", method=Method(("mips",), n_replicates=0))
    method = Method(("snips", "balanced_ips", "cascade_ips", "pseudo_inverse"), n_replicates=0)
    evaluation = evaluate(static_log.path, "uniform", method=method)
    assert list(evaluation.estimates) == ["snips"]
    said = " ".join(evaluation.notes)
    assert "balanced_ips is left out: needs the propensity of what was shown under the mixture" in said
    assert "cascade_ips is left out: needs the chance of each slate down to the slot" in said
    assert "the logging agent is not saved beside the log" in said


def test_an_agent_that_learned_meanwhile_cannot_be_asked(tmp_path):
    log, _ = write_log(tmp_path / "log", "popularity", n_users=20)
    agent = registry.load(tmp_path / "agent")
    agent.update()
    agent.update()
    agent.save(tmp_path / "agent")
    with pytest.raises(DataError, match="only its last version is saved"):
        evaluate(log, "uniform", method=Method(("cascade_ips",), n_replicates=0))


def test_a_name_that_is_no_estimator_is_said(static_log):
    with pytest.raises(SettingsError, match="unknown estimator 'magic'"):
        evaluate(static_log.path, "uniform", method=Method(("magic",)))


def table(rng, n=500):
    columns = {"pi": rng.uniform(0.2, 0.8, n), "reward": rng.random(n)}
    columns["balanced_propensity"] = columns["pi"] * rng.uniform(0.8, 1.2, n)
    for name in ("topic", "prefix", "slate"):
        columns[f"{name}_propensity"] = rng.uniform(0.2, 0.8, n)
        columns[f"{name}_target"] = columns[f"{name}_propensity"] * rng.uniform(0.8, 1.2, n)
    return columns | {name: rng.uniform(0.2, 1.0, n) for name in ("propensity", "predicted", "expected")}


def test_columns_of_a_table_can_say_it(tmp_path):
    columns = table(np.random.default_rng(0))
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    names = ("mips", "cascade_ips", "balanced_ips", "slate_ips", "dr", "off_cem")
    evaluation = evaluate(tmp_path / "log.parquet", target_column="pi", method=Method(names, n_replicates=0))
    c, reward = columns, columns["reward"]
    topic, weight = c["topic_target"] / c["topic_propensity"], c["pi"] / c["propensity"]
    residual = reward - c["predicted"]
    by_hand = {
        "mips": topic * reward,
        "cascade_ips": c["prefix_target"] / c["prefix_propensity"] * reward,
        "balanced_ips": c["pi"] / c["balanced_propensity"] * reward,
        "dr": c["expected"] + weight * residual,
        "off_cem": c["expected"] + topic * residual,
    }
    for name, terms in by_hand.items():
        assert evaluation.estimates[name].value == pytest.approx(terms.mean(), rel=1e-12), name
    assert evaluation.notes[1:] == [note for note in evaluation.notes[1:] if "dm, dr" not in note]


def test_weights_under_the_mixture_of_loggers_are_checked_like_every_other(tmp_path):
    columns = table(np.random.default_rng(0))
    columns["balanced_propensity"] /= 2.0  # the mean weight is 2 then
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    names = ("ips", "balanced_ips")
    evaluation = evaluate(tmp_path / "log.parquet", target_column="pi", method=Method(names, n_replicates=0))
    assert evaluation.estimates["balanced_ips"].value is None
    assert any("balanced IPS (balanced_ips) is left out" in note for note in evaluation.notes)


def test_weights_whose_mean_is_not_1_are_left_out(tmp_path):
    columns = table(np.random.default_rng(0))
    columns["prefix_target"] *= 0.5
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    method = Method(("snips", "mips", "cascade_ips", "cascade_dr"), n_replicates=0)
    evaluation = evaluate(tmp_path / "log.parquet", target_column="pi", method=method)
    assert evaluation.estimates["mips"].value is not None
    assert evaluation.estimates["cascade_ips"].value is evaluation.estimates["cascade_dr"].value is None
    said = "cascade IPS (cascade_ips) and cascade DR (cascade_dr) are left out: the mean weight of a slate down to"
    assert any(said in note for note in evaluation.notes)


def test_a_chance_that_is_none_is_named_by_row(tmp_path):
    columns = table(np.random.default_rng(0))
    columns["topic_propensity"][7] = 0.0
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    with pytest.raises(DataError, match=r"row 7: topic_propensity \(topic_propensity\) is 0; allowed is above 0"):
        evaluate(tmp_path / "log.parquet", target_column="pi", method=Method(("mips",), n_replicates=0))


def test_topics_can_be_a_column(tmp_path):
    rng = np.random.default_rng(3)
    item = rng.integers(0, 6, 3000)
    reward = (rng.random(3000) < 0.2 + 0.5 * (item % 2)).astype(float)
    columns = {
        "item": item,
        "kind": np.array(["a", "b"])[item % 2],
        "reward": reward,
        "propensity": np.full(3000, 1 / 6),
    }
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    method = Method(("snips", "mips"), n_replicates=0)
    with pytest.raises(DataError, match="all items are of one topic"):
        evaluate(tmp_path / "log.parquet", "popularity", method=Method(("mips",), n_replicates=0))
    found = evaluate(tmp_path / "log.parquet", "popularity", columns=("topic=kind",), method=method).estimates
    assert abs(found["mips"].value - found["snips"].value) < 5 * found["snips"].standard_error
    assert found["mips"].standard_error < found["snips"].standard_error
