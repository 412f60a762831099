"""A log's twin: its own items and users, in which policies are run beside the logged one with the same luck."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.long_term.activity import evaluate_activity
from serendip.experiments.online.life import Schedule
from serendip.experiments.online.twin import TwinRunner
from serendip.experiments.online.unit import Unit
from serendip.simulator.errors import DataError
from serendip.simulator.logs import open_log, seal
from serendip.simulator.world import World, make_world


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """Return the log of `uniform` in a small world, 15 days of 320 users."""
    folder = tmp_path_factory.mktemp("twin")
    made = make_world("tiny", 3).settings
    people = dataclasses.replace(made.population, n_users=320)
    World(dataclasses.replace(made, name="small", population=people), 3).save(folder / "world")
    Unit(folder / "unit", folder / "world", "uniform", 3, Schedule(15, 5), logged=True).run()
    return folder / "unit" / "log"


@pytest.fixture(scope="module")
def runner(log):
    """Return its twin."""
    return TwinRunner(log, n_draws=2)


def test_the_twin_has_the_logs_items_and_users(log, runner):
    one, other = runner.worlds()
    opened = open_log(log)
    assert np.array_equal(one.items.topic, opened.items().topic)
    assert one.n_users == opened.users().num_rows == 320
    assert one.settings.slate_size == opened.meta.slate_size
    assert not np.array_equal(one.people.taste, other.people.taste)
    past = opened.organic()
    clicked = past["clicked"].to_numpy(zero_copy_only=False)
    user, item = past["user_id"].to_numpy()[clicked], past["item_id"].to_numpy()[clicked]
    assert (one.people.known[user, opened.items().topic[item]] > 0.0).all()


def test_a_policy_that_is_the_logged_one_changes_nothing(runner):
    # `uniform` never learns, so that trained halves and the logged policy draw the same slates with the same luck
    found = runner.runs("uniform", 15)
    assert found.target.shape == found.logger.shape == (2, 15)
    assert np.array_equal(found.target, found.logger)
    assert 0.0 < found.logger.mean() < 1.0


def test_the_twin_is_recommended_and_does_not_stand_in_the_way(log, runner):
    found = evaluate_activity(log, "popularity", horizon=15, last=6, n_replicates=10, twin=lambda log: runner)
    assert found.recommended == "twin"
    assert found.because.startswith("Go by twin")
    assert found.estimates["twin"].low < found.estimates["twin"].value < found.estimates["twin"].high
    assert found.diagnostics["twin_of_logged"] == pytest.approx(found.diagnostics["logged_visits"], rel=0.3)

    def fails(log):
        raise DataError("there is nothing to fit")

    silent = evaluate_activity(log, "popularity", horizon=15, last=6, n_replicates=10, twin=fails)
    assert "twin" not in silent.estimates
    assert any("The twin has no say: there is nothing to fit" in note for note in silent.notes)


@pytest.mark.parametrize(
    ("discovery", "satisfaction", "lopsided"),
    [(2.3, 2.5, False), (0.01, 2.5, False), (0.01, 0.01, False), (2.3, 0.01, True)],
)
def test_breadth_that_stands_in_for_all_else_is_told(runner, discovery, satisfaction, lopsided):
    logs = runner._twin.logs.copy()
    logs[2:4] = np.log([discovery, satisfaction])
    assert dataclasses.replace(runner._twin, logs=logs).lopsided() == lopsided


def test_users_without_numbers_are_refused(tmp_path, log):
    shutil.copytree(log, tmp_path / "log")
    (part,) = open_log(tmp_path / "log").parts
    for file in (part, tmp_path / "log" / "users.parquet"):
        table = pq.read_table(file)
        at = table.schema.get_field_index("user_id")
        pq.write_table(table.set_column(at, "user_id", pc.multiply(table["user_id"], 2)), file)
    (tmp_path / "log" / "organic.parquet").unlink()
    seal(tmp_path / "log")
    with pytest.raises(DataError, match="users are not numbered from 0 on"):
        TwinRunner(tmp_path / "log")
