"""A table with the target in a column, valued in one pass by several processes, a Parquet part or row group each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation, Valued
from serendip.simulator.interface import DataError, Floats

COLUMNS = ("user", "reward", "propensity", "target", "predicted", "expected")
_ROWS = 1 << 15


def value_parts(
    files: list[Path], columns: Mapping[str, str], method: Method, *, n_jobs: int = 1, backend: str = "loky"
) -> Valued | None:
    """Return the sums of all files; how they are shared out changes no value beyond rounding, and no bootstrap count.

    Args:
        files: Parquet files.
        columns: the name in the files of each of `COLUMNS`; without the last two, DM and DR are unknown.
        method: estimators, bootstrap and seed.
        n_jobs: processes.
        backend: of joblib; with `joblib` told of Ray or Dask, theirs take the parts to a cluster.

    Raises:
        DataError: a file cannot be read, or a propensity is not above 0 and at most 1.
    """
    pieces = [(file, group) for file in files for group in range(_n_groups(file))]
    shares = [pieces[k::n_jobs] for k in range(n_jobs)]
    work = (joblib.delayed(_valued)(share, dict(columns), method) for share in shares if share)
    first, *others = cast("list[Valuation]", joblib.Parallel(n_jobs=n_jobs, backend=backend)(work))
    for other in others:
        first.merge(other)
    return first.finish()


def _n_groups(file: Path) -> int:
    try:
        return pq.read_metadata(file).num_row_groups
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file}: truncated or not Parquet ({str(error).splitlines()[0]}); write it again") from error


def _valued(pieces: list[tuple[Path, int]], columns: dict[str, str], method: Method) -> Valuation:
    valuation = Valuation(method)
    for file, group in pieces:
        for slots in _slots(file, group, columns):
            valuation.update(slots)
    return valuation


def _slots(file: Path, group: int, columns: Mapping[str, str]) -> Iterator[Slots]:
    """Yield the slots of a row group, a batch at a time."""
    names = {name: columns[name] for name in COLUMNS if name in columns}
    source = pq.ParquetFile(file)
    for batch in source.iter_batches(_ROWS, row_groups=[group], columns=list(names.values()), use_threads=False):
        arrays: dict[str, Floats] = {name: _array(batch, column) for name, column in names.items()}
        propensity = arrays["propensity"]
        if not ((propensity > 0.0) & (propensity <= 1.0)).all():
            raise DataError(f"{file}: a propensity in row group {group} is not above 0 and at most 1")
        yield _of(arrays)


def _array(batch: Any, column: str) -> Any:
    return batch.column(batch.schema.get_field_index(column)).to_numpy(zero_copy_only=False)


def _of(arrays: Mapping[str, Any]) -> Slots:
    unknown = np.full(len(arrays["user"]), np.nan)
    predicted, expected = arrays.get("predicted", unknown), arrays.get("expected", unknown)
    return Slots(arrays["user"], arrays["reward"], arrays["propensity"], arrays["target"], predicted, expected)
