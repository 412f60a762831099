"""A table with the target in a column, valued in one pass by several processes, a part or a row group each.

The processes are joblib's, or with its back ends of Ray and Dask those of a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.offline.reading.read_ahead import read_ahead
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.targets.column import ColumnTarget
from serendip.experiments.offline.valuation import Method, Valuation, Valued
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Floats

COLUMNS = ("user", "reward", "propensity", "target", "predicted", "expected")
ENGINES = ("duckdb", "polars")
BACKENDS = ("loky", "threading", "ray", "dask", *ENGINES)
_ROWS = 1 << 15


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work.

    Attributes:
        n_jobs: processes.
        backend: `loky` (processes here), `threading`, `ray` or `dask`; or an engine that sums itself, `duckdb` or
            `polars`.
        cluster: has Ray or Dask run with so many workers, as `experiments/running/crews` does; None: it runs.
        begin: called in a worker before each piece, so that parts from outside are known there; it must be picklable.
    """

    n_jobs: int = 1
    backend: str = "loky"
    cluster: Callable[[str, int], AbstractContextManager[Any]] | None = None
    begin: Callable[[], None] | None = None

    def __post_init__(self) -> None:
        if self.n_jobs < 1 or self.backend not in BACKENDS:
            raise SettingsError(
                f"{self.n_jobs} jobs by {self.backend!r}; allowed are 1 job or more, by {', '.join(BACKENDS)}"
            )

    def work(self, pieces: Iterable[Any]) -> list[Any]:
        """Return what `joblib.delayed` pieces come to, in their order.

        Raises:
            SettingsError: the back end is not installed.
        """
        if self.begin is not None:
            pieces = [joblib.delayed(_begun)(self.begin, *piece) for piece in pieces]
        far = self.cluster if self.backend in ("ray", "dask") else None
        running = nullcontext() if far is None else far(self.backend, self.n_jobs)
        with running, joblib.parallel_config(backend=self.backend, n_jobs=self.n_jobs):
            return cast("list[Any]", joblib.Parallel()(pieces))


def _begun(begin: Callable[[], None], work: Callable[..., Any], given: Any, named: Any) -> Any:
    """Return what a piece comes to, in a worker that has begun."""
    begin()
    return work(*given, **named)


def value_table(source: Source, method: Method, workers: Workers) -> Valued | None:
    """Return the sums of a table whose files are shared out; the shares change no value beyond rounding.

    Raises:
        DataError: a file cannot be read.
        SettingsError: rows have no user, so that nothing says which rows of two files belong together; or propensities
            are to be estimated, which takes all files at once.
    """
    if source.rows_are_users or source.estimates_propensities:
        raise SettingsError("several jobs need a user column, and propensities that are logged; leave --jobs out")
    if workers.backend in ENGINES:
        from serendip.experiments.offline.engines.opening import value_files

        return value_files(source, method, workers.backend)
    parts = source.parts()
    shares = [parts[k :: workers.n_jobs] for k in range(workers.n_jobs)]
    found = workers.work(joblib.delayed(_read)(share, method) for share in shares if share)
    return _merged(method, found)


def _read(parts: list[Source], method: Method) -> Valuation:
    valuation = Valuation(method)
    for part in parts:
        for seen in ColumnTarget().view(part, None):
            valuation.update(seen.slots)
    return valuation


def _merged(method: Method, parts: list[Valuation]) -> Valued | None:
    whole = Valuation(method)  # those of a cluster are read-only
    for part in parts:
        whole.merge(part)
    return whole.finish()


def value_parts(
    files: list[Path], columns: Mapping[str, str], method: Method, *, n_jobs: int = 1, backend: str = "threads"
) -> Valued | None:
    """Return the sums of all files; how they are shared out changes no value beyond rounding, and no bootstrap count.

    Args:
        files: Parquet files.
        columns: the name in the files of each of `COLUMNS`; without the last two, DM and DR are unknown.
        method: estimators, bootstrap and seed.
        n_jobs: threads of the bootstrap, or processes.
        backend: `threads` for one process, which reads and sums side by side and has nothing to start, copy or merge;
            or those of `Workers`, for many cores.

    Raises:
        DataError: a file cannot be read, or a propensity is not above 0 and at most 1.
    """
    pieces = [(file, group) for file in files for group in range(_n_groups(file))]
    if backend == "threads":
        return _valued(pieces, dict(columns), method).finish(n_jobs)
    shares = [pieces[k::n_jobs] for k in range(n_jobs)]
    work = (joblib.delayed(_valued)(share, dict(columns), method) for share in shares if share)
    return _merged(method, Workers(n_jobs, backend).work(work))


def _n_groups(file: Path) -> int:
    try:
        return pq.read_metadata(file.absolute()).num_row_groups
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: truncated or not Parquet ({str(error).splitlines()[0]}); write it again") from error


def _valued(pieces: list[tuple[Path, int]], columns: dict[str, str], method: Method) -> Valuation:
    valuation = Valuation(method)
    for slots in read_ahead(slots for file, group in pieces for slots in _slots(file, group, columns)):
        valuation.update(slots)
    return valuation


def _slots(file: Path, group: int, columns: Mapping[str, str]) -> Iterator[Slots]:
    """Yield the slots of a row group, a batch at a time."""
    names = {name: columns[name] for name in COLUMNS if name in columns}
    source = pq.ParquetFile(file.absolute())
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
