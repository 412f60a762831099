"""The audit of logs: loggers that are right pass, those that are broken in known ways are named."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.agents import registry
from serendip.experiments.__main__ import main
from serendip.experiments.offline.judging.audit import audit
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Feedback, Items, Slates, Visits
from serendip.simulator.logs import LogMeta, LogWriter, open_log, seal

N_ITEMS, N_USERS, N_DAYS = 20, 400, 25


def write(path, batches, name="thompson", items=None):
    """Write (visits, slates) of each day as a log in which nobody clicks."""
    items = items or Items(np.arange(N_ITEMS, dtype=np.int32) % 4, np.zeros(N_ITEMS, np.int32))
    writer = LogWriter(path)
    for visits, slates in batches:
        writer.append(visits, slates, Feedback(np.zeros(slates.items.shape, bool)))
    ids = np.arange(N_USERS)
    days = {"first_day": ids * 0, "last_day": ids * 0 + N_DAYS - 1, "censored": [True] * N_USERS}
    users = pa.table({"user_id": ids, "cohort": ["all"] * N_USERS, **days})
    writer.close(LogMeta(name, (name,), batches[0][1].items.shape[1], N_DAYS), users, items)
    return path


def thompson(path, logged, epsilon=0.1, n_draws=32, seed=0):
    """Write a log of a sampler that plays one of S draws; `logged` says what it writes as the propensity."""
    rng = np.random.default_rng(seed)
    mean, spread = np.linspace(0.0, 1.5, N_ITEMS), np.full(N_ITEMS, 0.5)
    ensemble = rng.normal(mean, spread, (10, N_ITEMS)).argmax(axis=1)
    batches = []
    for day in range(N_DAYS):
        best = rng.normal(mean, spread, (N_USERS, n_draws, N_ITEMS)).argmax(axis=2)
        if logged == "ensemble":
            best = np.tile(ensemble, (N_USERS, 1))
        random = rng.random(N_USERS) < epsilon
        drawn = best[np.arange(N_USERS), rng.integers(0, best.shape[1], N_USERS)]
        shown = np.where(random, rng.integers(0, N_ITEMS, N_USERS), drawn)
        share = (best == shown[:, None]).mean(axis=1)
        if logged == "one":
            propensity = np.ones(N_USERS)
        elif logged == "branch":
            propensity = np.where(random, epsilon / N_ITEMS, (1 - epsilon) * share)
        elif logged == "monte carlo":
            again = rng.normal(mean, spread, (N_USERS, n_draws, N_ITEMS)).argmax(axis=2)
            propensity = np.maximum((again == shown[:, None]).mean(axis=1), 0.01)
        else:
            propensity = (1 - epsilon) * share + epsilon / N_ITEMS
        visits = Visits(np.arange(N_USERS), day, np.zeros(N_USERS, np.int32), np.ones(N_ITEMS, bool))
        batches.append((visits, Slates(shown[:, None], propensity[:, None], None, random)))
    return write(path, batches)


# A right log fails in at most 1 of 1,000 seeds; these eight are fixed.
@pytest.mark.parametrize("seed", range(8))
def test_a_logger_that_is_right_is_sound(tmp_path, seed):
    found = audit(thompson(tmp_path / "log", "exact", seed=seed))
    assert found.sound, found.checks
    assert found.broken == []


@pytest.mark.parametrize("epsilon", [0.05, 0.3])
def test_so_is_one_of_an_ensemble_that_explores(tmp_path, epsilon):
    assert audit(thompson(tmp_path / "log", "ensemble", epsilon=epsilon)).sound


@pytest.mark.parametrize(
    ("logged", "epsilon", "why"),
    [
        ("one", 0.1, "Every propensity is 1"),
        ("branch", 0.1, "the branch that was taken"),
        ("monte carlo", 0.0, "standard errors from 1"),
        ("ensemble", 0.0, "never shown (no exploration)"),
    ],
)
def test_a_broken_logger_is_named(tmp_path, logged, epsilon, why):
    found = audit(thompson(tmp_path / "log", logged, epsilon=epsilon))
    assert not found.sound
    assert found.broken == ["thompson"]
    assert any(check.passed is False and why in check.detail for check in found.checks)


def test_items_that_few_like_do_not_look_wrong(tmp_path):
    # Each user is shown one favourite of 200 items, and 1 slot in 10 at random: of most items no rare slot comes up.
    rng, batches, n_items = np.random.default_rng(5), [], 200
    favourite = rng.integers(0, n_items, N_USERS)
    for day in range(N_DAYS):
        random = rng.random(N_USERS) < 0.1
        shown = np.where(random, rng.integers(0, n_items, N_USERS), favourite)
        propensity = 0.9 * (shown == favourite) + 0.1 / n_items
        visits = Visits(np.arange(N_USERS), day, np.zeros(N_USERS, np.int32), np.ones(n_items, bool))
        batches.append((visits, Slates(shown[:, None], propensity[:, None], None, random)))
    items = Items(np.zeros(n_items, np.int32), np.zeros(n_items, np.int32))
    found = audit(write(tmp_path / "log", batches, items=items))
    assert found.sound
    assert found.power.half_of_items is None or found.power.half_of_items > 2.0


def test_of_two_policies_the_broken_one_is_named(tmp_path):
    path = thompson(tmp_path / "log", "exact")
    (part,) = open_log(path).parts
    table = pq.read_table(part)
    second = table["day"].to_numpy() >= N_DAYS // 2
    propensity = np.where(second, np.minimum(2.0 * table["propensity"].to_numpy(), 1.0), table["propensity"].to_numpy())
    changed = {"policy": pa.array(second.astype(np.int16)), "propensity": pa.array(propensity)}
    for name, column in changed.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    pq.write_table(table, part)
    meta = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps(meta | {"policies": ["right", "doubled"]}))
    seal(path)
    assert audit(path).broken == ["doubled"]


def test_an_item_of_later_days_is_not_missed_before(tmp_path):
    rng = np.random.default_rng(0)
    released = np.where(np.arange(N_ITEMS) < 5, 10, 0).astype(np.int32)
    items = Items(np.zeros(N_ITEMS, np.int32), released)
    batches = []
    for day in range(N_DAYS):
        pool = np.flatnonzero(items.available(day))
        shown = rng.choice(pool, (N_USERS, 1))
        visits = Visits(np.arange(N_USERS), day, np.zeros(N_USERS, np.int32), items.available(day))
        propensity = np.full(shown.shape, 1.0 / len(pool))
        batches.append((visits, Slates(shown, propensity, None, np.ones(N_USERS, bool))))
    assert audit(write(tmp_path / "log", batches, items=items)).sound


def test_a_propensity_out_of_range_is_refused_as_everywhere(tmp_path):
    path = thompson(tmp_path / "log", "exact")
    (part,) = open_log(path).parts
    table = pq.read_table(part)
    propensity = table["propensity"].to_numpy().copy()
    propensity[17] = 1.2
    column = table.schema.get_field_index("propensity")
    pq.write_table(table.set_column(column, "propensity", pa.array(propensity)), part)
    with pytest.raises(DataError, match=r"row 17: propensity is 1\.2.*the log is broken"):
        audit(path)


def run_agent(path, tamper=1.0, name="ease-epsilon", n_rounds=1, **settings):
    """Write a log of an agent that learns on two days, `n_rounds` slates a visit, and the agent beside it."""
    rng = np.random.default_rng(2)
    items = Items(np.arange(N_ITEMS, dtype=np.int32) % 4, np.zeros(N_ITEMS, np.int32))
    agent = registry.make(name, items, 3, 0, **settings)
    writer, users = LogWriter(path), np.arange(N_USERS)
    for day in range(6):
        if day % 3 == 0:
            agent.update()
        for number in range(n_rounds):
            visits = Visits(users, day, np.full(N_USERS, number, np.int32), items.available(day))
            slates, feedback = agent.act(visits, 77), Feedback(rng.random((N_USERS, 3)) < 0.2)
            logged = Slates(slates.items, np.minimum(slates.propensities * tamper, 1.0), None, slates.explored)
            writer.append(visits, logged, feedback, policy_version=agent.version - 1)
            agent.observe(visits, slates, feedback)
    agent.save(path.parent / "agent")
    days = {"first_day": users * 0, "last_day": users * 0 + 5, "censored": [True] * N_USERS}
    table = pa.table({"user_id": users, "cohort": ["all"] * N_USERS, **days})
    writer.close(LogMeta("own", (name,), 3, 6, key=77), table, items)
    return path


def test_the_agent_beside_the_log_is_asked_again(tmp_path):
    check = audit(run_agent(tmp_path / "log")).checks[-1]
    assert check.passed, check
    assert f"The {N_USERS * 3 * 3} propensities of policy version 1" in check.detail
    (tmp_path / "other").mkdir()
    check = audit(run_agent(tmp_path / "other" / "log", tamper=0.999)).checks[-1]
    assert check.passed is False
    assert "off by 0.1%" in check.detail


def test_an_agent_that_keeps_a_hypothesis_for_a_visit_is_sound_and_replayed(tmp_path):
    kept = {"name": "bootstrap-thompson", "n_rounds": 3, "hypothesis": "visit", "epsilon": 0.2}
    found = audit(run_agent(tmp_path / "log", **kept))
    assert found.sound, found.checks
    assert f"The {N_USERS * 3 * 3 * 3} propensities of policy version 1" in found.checks[-1].detail


def test_the_command_prints_its_answers(tmp_path, capsys):
    path = thompson(tmp_path / "log", "one")
    assert main(["audit", str(path)]) == 0
    assert "broken: thompson" in " ".join(capsys.readouterr().out.split())
    assert main(["audit", str(path), "--json", "-"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["sound"] is False
    assert {"name", "passed", "detail"} == set(values["checks"][0])


def test_a_table_of_ones_own_is_asked_too(tmp_path, capsys):
    rng, n, n_items = np.random.default_rng(3), 6000, 10
    shown = np.where(rng.random(n) < 0.3, rng.integers(0, n_items, n), 4)
    right = 0.7 * (shown == 4) + 0.3 / n_items
    columns = {"what": [f"a{item}" for item in shown], "who": rng.integers(0, 300, n), "click": np.zeros(n)}
    names = ["--columns", "propensity=p", "item=what", "user=who", "reward=click"]
    for name, p, said in (("right", right, "nothing found"), ("n", np.full(n, 0.1), "broken: the logger")):
        pq.write_table(pa.table(columns | {"p": p}), tmp_path / f"{name}.parquet")
        assert main(["audit", str(tmp_path / f"{name}.parquet"), *names]) == 0
        assert said in " ".join(capsys.readouterr().out.split())
    assert main(["audit", str(tmp_path / "n.parquet"), *names[:2], *names[3:]]) == 2
    assert "item=COLUMN" in capsys.readouterr().err
