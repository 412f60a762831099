"""A table shared out over processes: the shares change nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serendip.experiments.offline.parallel import COLUMNS, value_parts
from serendip.experiments.offline.valuation import Method
from serendip.simulator.interface import DataError

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


def test_a_bad_part_is_named(tmp_path):
    files = write(tmp_path / "log", 2)
    files[1].write_bytes(files[1].read_bytes()[:-9])
    with pytest.raises(DataError, match=r"part-1.parquet: truncated or not Parquet"):
        value_parts(files, SAME, Method())
