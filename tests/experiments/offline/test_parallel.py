"""A table shared out over processes: the shares change nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.engines import opening
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.parallel import COLUMNS, Workers, value_parts
from serendip.experiments.offline.valuation import Method
from serendip.experiments.running.crews.clusters import cluster
from serendip.simulator.errors import DataError, SettingsError

EIGHT = ("ips", "clipped_ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os")
SAME = {name: name for name in COLUMNS}


def write(folder, n_parts, n=7000):
    """Write one table of users in no order, split over `n_parts` files."""
    rng = np.random.default_rng(0)
    columns = {"user": rng.integers(0, 200, n), "reward": rng.random(n), "propensity": rng.uniform(0.1, 1, n)}
    columns |= {name: rng.random(n) for name in ("target", "predicted", "expected")}
    folder.mkdir()
    files = []
    for k, rows in enumerate(np.array_split(np.arange(n), n_parts)):
        files.append(folder / f"part-{k}.parquet")
        pq.write_table(pa.table({name: column[rows] for name, column in columns.items()}), files[-1])
    return files


@pytest.mark.parametrize(("n_parts", "n_jobs"), [(2, 2), (7, 3)])
def test_shards_in_any_order_agree(tmp_path, n_parts, n_jobs):
    method = Method(estimators=EIGHT, n_replicates=40)
    whole = value_parts(write(tmp_path / "one", 1), SAME, method)
    files = write(tmp_path / "many", n_parts)[::-1]
    shared = value_parts(files, SAME, method, n_jobs=n_jobs, backend="threading")
    one, other = whole.estimates((0.0, 1.0)), shared.estimates((0.0, 1.0))
    for name, estimate in one.items():
        assert other[name].value == pytest.approx(estimate.value, rel=1e-12), name
        assert other[name].standard_error == pytest.approx(estimate.standard_error, rel=1e-9), name
    assert (whole.moments.sums[:, 0] == shared.moments.sums[:, 0]).all()  # the bootstrap's counts, exactly


def test_threads_of_the_bootstrap_change_no_bit(tmp_path):
    method = Method(estimators=EIGHT, n_replicates=40)
    files = write(tmp_path / "log", 3)
    one, four = (value_parts(files, SAME, method, n_jobs=n) for n in (1, 4))
    assert one.estimates((0.0, 1.0)) == four.estimates((0.0, 1.0))


def test_a_bad_part_is_named(tmp_path):
    files = write(tmp_path / "log", 2)
    files[1].write_bytes(files[1].read_bytes()[:-9])
    with pytest.raises(DataError, match=r"part-1.parquet: truncated or not Parquet"):
        value_parts(files, SAME, Method())


def of_table(folder, workers):
    return evaluate(folder, target_column="target", method=Method(n_replicates=40), workers=workers)


def agree(one, other):
    assert other.diagnostics["mean_weight"] == pytest.approx(one.diagnostics["mean_weight"], rel=1e-12)
    for name, estimate in one.estimates.items():
        assert other.estimates[name].value == pytest.approx(estimate.value, rel=1e-12), name
        assert other.estimates[name].low == pytest.approx(estimate.low, rel=1e-9), name


@pytest.mark.parametrize("n_jobs", [1, 2, 7])
def test_a_folder_of_parts_is_shared_out(tmp_path, n_jobs):
    write(tmp_path / "log", 7)
    agree(of_table(tmp_path / "log", None), of_table(tmp_path / "log", Workers(n_jobs, "threading")))


def test_what_cannot_be_shared_out_is_refused(tmp_path, static_log):
    with pytest.raises(
        SettingsError,
        match="0 jobs by 'loky'; allowed are 1 job or more, by loky, threading, ray, dask, ",
    ):
        Workers(0)
    with pytest.raises(SettingsError, match="several jobs are for the target in a column"):
        evaluate(static_log.path, "uniform", workers=Workers(2))
    table = pa.table({"reward": [1.0, 0.0], "propensity": [0.5, 0.5], "target": [0.4, 0.6]})
    pq.write_table(table, tmp_path / "no-users.parquet")
    with pytest.raises(SettingsError, match="several jobs need a user column"):
        of_table(tmp_path / "no-users.parquet", Workers(2))


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize("at_once", [1, 1 << 60])
def test_an_engine_sums_the_parts_itself(tmp_path, monkeypatch, engine, at_once):
    pytest.importorskip(engine)
    monkeypatch.setitem(opening._BYTES, engine, at_once)
    write(tmp_path / "log", 3)
    agree(of_table(tmp_path / "log", None), of_table(tmp_path / "log", Workers(1, engine)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("backend", "module"), [("ray", "ray"), ("dask", "distributed")])
def test_a_local_cluster_of_two_workers_agrees(tmp_path, backend, module):
    pytest.importorskip(module)
    write(tmp_path / "log", 7)
    agree(of_table(tmp_path / "log", None), of_table(tmp_path / "log", Workers(2, backend, cluster)))
