"""A log valued from end to end: agents, columns, truth, JSON, and what is said of a log that cannot be valued."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from serendip.agents import registry
from serendip.experiments.offline.evaluate import MEANING, evaluate
from serendip.experiments.offline.evaluation import Truth
from serendip.experiments.offline.report import report
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SerendipError, SettingsError
from serendip.simulator.interface import Feedback, Items, Visits
from serendip.simulator.logs import LogMeta, LogWriter, open_log, seal

QUICK = Method(n_replicates=100)


def test_uniform_is_worth_its_mean_click_rate(static_log):
    evaluation = evaluate(static_log.path, "uniform", method=QUICK)
    truth = static_log.rates.mean()
    for name in ("ips", "snips", "dr", "sndr", "slate_ips", "slate_snips"):
        estimate = evaluation.estimates[name]
        # 60 users: five standard errors, one log; a false alarm once in a million for a fixed seed
        assert abs(estimate.value - truth) < 5 * estimate.standard_error
        assert estimate.low <= estimate.value <= estimate.high
    assert abs(evaluation.diagnostics["mean_weight_z"]) < 3.0
    assert evaluation.verdict == "reliable"
    assert evaluation.notes[0] == MEANING
    assert any("one half of the users" in note for note in evaluation.notes)
    assert any("compete for one click" in note for note in evaluation.notes)


def test_the_json_has_the_keys_it_promises(static_log, tmp_path, capsys):
    evaluation = evaluate(static_log.path, "uniform", truth=0.25, method=QUICK)
    report(evaluation, tmp_path / "out.json", Console(file=io.StringIO()))
    values = json.loads((tmp_path / "out.json").read_text())
    assert list(values)[:5] == ["estimates", "diagnostics", "verdict", "reasons", "truth"]
    assert list(values["estimates"])[:5] == ["ips", "clipped_ips", "snips", "dm", "dr"]
    for estimate in values["estimates"].values():
        assert {"value", "low", "high"} <= set(estimate)
    assert {"mean_weight", "effective_sample_size", "max_weight"} <= set(values["diagnostics"])
    assert values["truth"] == 0.25
    capsys.readouterr()
    from pathlib import Path

    report(evaluation, Path("-"))
    assert json.loads(capsys.readouterr().out) == values


def test_the_table_says_what_a_person_needs(static_log):
    shown = io.StringIO()
    evaluation = evaluate(static_log.path, "uniform", truth=lambda: Truth(0.3, 1.5), method=QUICK)
    report(evaluation, None, Console(file=shown, width=100))
    text = shown.getvalue()
    for word in ("SNIPS (snips)", "clipped IPS", "truth", "visits per user and day", "reliable", "--details"):
        assert word in text
    lines = text.splitlines()
    assert len(lines) <= 30  # a screen
    assert lines[0].startswith(f"{evaluation.verdict}: uniform is worth ")
    report(evaluation, None, Console(file=shown, width=100), details=True)
    for word in ("mean weight", "one-step", "effective sample size"):
        assert word in shown.getvalue()[len(text) :]


def test_the_same_command_gives_the_same_numbers(static_log):
    first, second = (evaluate(static_log.path, "popularity", method=QUICK).to_json() for _ in range(2))
    assert first == second


def own_log(path, name, **settings):
    """Write a log of an agent that learned before it and no more within; return the agent as it was before it."""
    rng = np.random.default_rng(3)
    items = Items(np.arange(12, dtype=np.int32) % 3, np.where(np.arange(12) == 5, 2, 0).astype(np.int32))
    agent = registry.make(name, items, 3, 4, **settings)
    users = np.arange(40)
    first = Visits(users, -1, np.zeros(40, np.int32), items.available(-1))
    shown = registry.make("uniform", items, 3, 0).act(Visits(users, 0, first.visit, items.available(0)), 5)
    clicks = Feedback(rng.random((40, 3)) < 0.5)
    agent.observe(first, shown, clicks)
    agent.update()
    agent.save(path.parent / "agent")
    from serendip.simulator.logs import organic_table

    organic = organic_table(first, shown.items, clicks.clicked)
    writer = LogWriter(path)
    for day in range(4):
        visits = Visits(users, day, np.zeros(40, np.int32), items.available(day))
        slates = agent.act(visits, 99)
        feedback = Feedback(rng.random((40, 3)) < 0.3)
        writer.append(visits, slates, feedback)
        agent.observe(visits, slates, feedback)
    import pyarrow as pa

    days = {"first_day": users * 0, "last_day": users * 0 + 3, "censored": [True] * 40}
    table = pa.table({"user_id": users, "cohort": ["all"] * 40, **days})
    writer.close(LogMeta("own", (name,), 3, 4, key=99), table, items, organic)
    return path.parent / "agent"


@pytest.mark.parametrize("name", registry.names())
def test_a_log_of_an_agent_against_itself_has_weights_of_one(tmp_path, name):
    saved = own_log(tmp_path / "log", name)
    evaluation = evaluate(tmp_path / "log", str(saved), method=QUICK)
    assert evaluation.diagnostics["mean_weight"] == 1.0
    assert evaluation.diagnostics["max_weight"] == 1.0
    clicks = open_log(tmp_path / "log").decisions().clicked.mean()
    for estimator in ("ips", "snips", "slate_ips", "slate_snips"):
        assert evaluation.estimates[estimator].value == pytest.approx(clicks, rel=1e-12)


def test_uniform_from_an_epsilon_log_has_a_mean_weight_near_one(tmp_path):
    own_log(tmp_path / "log", "popularity", epsilon=0.3)
    evaluation = evaluate(tmp_path / "log", "uniform", method=QUICK)
    assert abs(evaluation.diagnostics["mean_weight_z"]) < 3.0


def test_a_log_in_another_order_is_worth_the_same(static_log, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    before = evaluate(static_log.path, "popularity", method=QUICK)
    (part,) = open_log(static_log.path).parts
    table = pq.read_table(part)
    shuffled = table.take(pa.array(np.random.default_rng(0).permutation(table.num_rows)))
    half = table.num_rows // 2
    pq.write_table(shuffled.slice(0, half), part)
    pq.write_table(shuffled.slice(half), part.with_name("part-00001.parquet"))  # users split over files
    seal(static_log.path)
    after = evaluate(static_log.path, "popularity", method=QUICK)
    for name, estimate in before.estimates.items():
        assert after.estimates[name].value == pytest.approx(estimate.value, rel=1e-12)
        assert after.estimates[name].high == pytest.approx(estimate.high, rel=1e-9)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nobody", "unknown agent 'nobody'; known agents: uniform"),
        ("no/such/folder", "no such folder"),
        (None, "no target; say --target"),
    ],
)
def test_a_target_that_is_none_is_said_in_one_sentence(static_log, target, message):
    with pytest.raises(SerendipError, match=message):
        evaluate(static_log.path, target)


def test_an_agent_of_another_catalogue_is_refused(static_log, tmp_path):
    items = Items(np.zeros(5, np.int32), np.zeros(5, np.int32))
    registry.make("uniform", items, 2, 0).save(tmp_path / "agent")
    with pytest.raises(DataError, match="shows 2 of 5 items, the log 2 of 8"):
        evaluate(static_log.path, str(tmp_path / "agent"))


def test_column_names_are_refused_for_a_log_that_has_its_own(static_log):
    with pytest.raises(SettingsError, match="takes no column names"):
        evaluate(static_log.path, "uniform", columns=("reward=click",))


def test_an_incomplete_slate_is_named(static_log):
    import pyarrow.parquet as pq

    (part,) = open_log(static_log.path).parts
    table = pq.read_table(part)
    pq.write_table(table.slice(1), part)
    seal(static_log.path)
    with pytest.raises(DataError, match="day 0, visit 0: a slate without all its 2 positions"):
        evaluate(static_log.path, "uniform")


def test_an_unlogged_half_of_the_catalogue_is_unsupported(write_log, tmp_path):
    log = write_log(tmp_path / "log", epsilon=0.0, n_users=400)
    evaluation = evaluate(log.path, "uniform", method=QUICK)
    assert evaluation.verdict == "invalid"
    assert evaluation.diagnostics["unsupported_target_mass"] == pytest.approx(7 / 8)  # only its own item at each place
    assert any("never shown" in reason for reason in evaluation.reasons)


def test_slates_that_the_log_hardly_has_are_not_weighed(write_log, tmp_path):
    log = write_log(tmp_path / "log", epsilon=0.02, n_users=20)  # uniform shows 56 slates, the log 2 or 3 of them
    evaluation = evaluate(log.path, "uniform", method=QUICK)
    assert evaluation.diagnostics["mean_slate_weight"] < 0.75
    assert evaluation.estimates["slate_snips"].value is None
    assert any("too few of the target's slates" in note for note in evaluation.notes)


def test_whole_slates_can_be_weighed_where_their_propensities_are_logged(tmp_path):
    saved = own_log(tmp_path / "log", "popularity", epsilon=0.3)
    method = Method(estimators=("snips", "slate_ips"), n_replicates=50)
    evaluation = evaluate(tmp_path / "log", str(saved), method=method)
    clicks = open_log(tmp_path / "log").decisions().clicked.mean()
    assert evaluation.estimates["slate_ips"].value == pytest.approx(clicks, rel=1e-12)
