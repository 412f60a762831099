"""A table valued by the engine that holds it: DuckDB, Polars, or another that Narwhals speaks to.

The engine sums the terms of every estimator by user (the first of two stages; the second, over users and replicates of
the bootstrap, is the same as everywhere), and the weights and rewards by size.  Rows never leave it: what comes back
has a row a user.  Estimates are those of the streaming path to rounding, and the counts of the bootstrap are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from serendip.experiments.offline.engines.traced import Expression, Traced
from serendip.experiments.offline.further import FURTHER, WEIGHTS_OF_MORE
from serendip.experiments.offline.intervals.serial import SerialSums
from serendip.experiments.offline.intervals.sums import COUNT, WEIGHT, UserSums, columns_of
from serendip.experiments.offline.intervals.tails import LEAST, Sizes
from serendip.experiments.offline.intervals.weights import WeightHistogram
from serendip.experiments.offline.slots import Slots, Terms
from serendip.experiments.offline.valuation import Method, Valuation, Valued
from serendip.simulator.errors import DataError, SettingsError

_NEEDED = ("user", "reward", "propensity", "target")
_PER_OCTAVE = 64  # bins of `log_bins`


def value_frame(frame: Any, columns: Mapping[str, str], method: Method) -> Valued | None:
    """Return the sums of a table that an engine holds, None where it has no row.

    What follows one another in a log is not seen, for an engine has no order: `Valued.serial` knows of no neighbours.

    Args:
        frame: a relation of DuckDB, a lazy (or other) frame of Polars, a table of Ibis, a data frame of Spark or Dask.
        columns: the name in the table of each of user (whole numbers), reward, propensity and target, and of predicted,
            expected and the further columns (see `Slots`) as far as it has them.
        method: estimators, bootstrap and seed.

    Raises:
        SettingsError: a column is not named, or each row is a user of its own, so that there is nothing to sum.
        DataError: a value is missing or out of range.
    """
    return summed(frame, columns, method).finish()


def summed(frame: Any, columns: Mapping[str, str], method: Method) -> Valuation:
    """Return what `value_frame` finishes, so that parts of a table can be merged; arguments and errors are the same."""
    lacking = [name for name in _NEEDED if name not in columns]
    if lacking or method.rows_are_users:
        raise SettingsError(
            f"an engine needs columns of {', '.join(_NEEDED)}; lacking: {', '.join(lacking) or 'a user for each row'}"
        )
    names = {name: nw.col(column) for name, column in columns.items()}
    table = nw.from_native(frame).lazy().select(**names)
    return _Pushed(method, table, tuple(columns))


class _Pushed(Valuation):
    """The sufficient statistics of a table, summed by its engine."""

    def __init__(self, method: Method, table: Any, names: tuple[str, ...]) -> None:
        """Have `table`, whose columns are `names`, summed."""
        super().__init__(method)
        slots = _slots(names)
        terms: list[Terms] = [estimator(slots) for estimator in self._estimators]
        found = _numbers(table, slots, terms, names)
        _check(found, names)
        if not found["n"]:
            return
        columns = columns_of(slots, terms)
        self._columns, self._open = columns, UserSums(columns.n_columns)
        self._open.add(*_by_user(table, slots, terms, columns))
        self._squares = np.array([[found[f"{part} {e}"] for part in ("above", "below")] for e in range(len(terms))])
        self._weights = _histogram(table, slots, found)
        self._sizes = Sizes(_sizes(table))
        self._serial = SerialSums(np.array([found["rr"], found["r"], found["ww"]]))
        self._range = (found["least"], found["most"])
        self._further = {name: found[f"further {name}"] for name in WEIGHTS_OF_MORE if name in names}


def _slots(names: tuple[str, ...]) -> Slots:
    """Return slots whose columns are those of an engine."""

    def column(name: str) -> Any:
        return Traced(nw.col(name) if name in names else nw.col("reward") * float("nan"))

    known = {name: column(name) for name in ("user", "reward", "propensity", "target", "predicted", "expected")}
    return Slots(**known, further={name: column(name) for name in names if name not in known})


def _of(column: Any) -> Expression:
    return column.expression


def _collected(frame: Any) -> Any:
    """Return what a lazy frame comes to; Polars is told to read some rows at a time, as other engines do unasked."""
    return frame.collect(engine="streaming") if frame.implementation.is_polars() else frame.collect()


def _numbers(table: Any, slots: Slots, terms: list[Terms], names: tuple[str, ...]) -> dict[str, Any]:
    """Return the sums, extremes and faults of all rows, by name."""
    weight, reward, weighted = _of(slots.weight), _of(slots.reward), _of(slots.weighted)
    propensity, target = _of(slots.propensity), _of(slots.target)
    wanted: dict[str, Expression] = {
        "n": nw.len(),
        "zeros": (weight == 0.0).sum(),
        "rewarded": (weighted != 0.0).sum(),
        "largest": weight.max(),
        "least": reward.min(),
        "most": reward.max(),
        "rr": (weighted * weighted).sum(),
        "r": (weighted * weight).sum(),
        "ww": (weight * weight).sum(),
        "wrong propensity": (~((propensity > 0.0) & (propensity <= 1.0))).sum(),
        "wrong target": (~((target >= 0.0) & (target <= 1.0))).sum(),
        "wrong reward": (~reward.is_finite()).sum(),
    }
    wanted |= {f"missing {name}": nw.col(name).is_null().sum() for name in names}
    for e, term in enumerate(terms):
        above, below = _squares(term)
        wanted |= {f"above {e}": above.sum(), f"below {e}": below.sum()}
    for name in WEIGHTS_OF_MORE:
        if name in names:
            column = nw.col(name)
            wanted[f"further {name}"] = (target / column if FURTHER[name].below else column).sum()
    row: dict[str, Any] = _collected(table.select(**wanted)).to_dict(as_series=False)
    return {name: values[0] for name, values in row.items()}


def _squares(term: Terms) -> tuple[Expression, Expression]:
    """Return N^2 / D and D^2 of terms with weights below; 0 of others."""
    if term.denominator is None:
        zero = 0.0 * _of(term.numerator)
        return zero, zero
    above, below = _of(term.numerator), _of(term.denominator)
    return nw.when(below > 0.0).then(above * (above / below)).otherwise(nw.lit(0.0)), below * below


def _check(found: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raise a DataError if a value is missing or out of range."""
    for name in names:
        if found[f"missing {name}"]:
            raise DataError(f"column for {name}: {found[f'missing {name}']:,} values are missing; leave those rows out")
    allowed = {"propensity": "above 0 and at most 1", "target": "0 to 1", "reward": "a finite number"}
    for name, words in allowed.items():
        if found[f"wrong {name}"]:
            raise DataError(f"column for {name}: {found[f'wrong {name}']:,} values are not {words}")


def _by_user(table: Any, slots: Slots, terms: list[Terms], columns: Any) -> tuple[Any, Any]:
    """Return the users (U,) in order, and (C, U) the sums of each."""
    sums: dict[int, Expression] = {COUNT: nw.len(), WEIGHT: _of(slots.weight).sum()}
    for e, term in enumerate(terms):
        sums[columns.numerator[e]] = _of(term.numerator).sum()
        if term.denominator is not None:
            sums[columns.denominator[e]] = _of(term.denominator).sum()
        if term.baseline is not None:
            sums[columns.baseline[e]] = _of(term.baseline).sum()
        for column, control in zip(columns.controls[e], term.controls, strict=True):
            sums[column] = _of(control).sum()
    named = {f"sum {column}": expression for column, expression in sums.items()}
    found = _collected(table.group_by("user").agg(**named))
    users = found["user"].to_numpy()
    if users.dtype.kind not in "iu":
        raise DataError(f"column for user: {users.dtype} values; an engine takes users that are whole numbers")
    order = np.argsort(users, kind="stable")
    return users[order].astype(np.int64), np.stack(
        [found[f"sum {column}"].to_numpy()[order].astype(np.float64) for column in range(columns.n_columns)]
    )


def _bin(value: Expression) -> Expression:
    """Return the bin of each value of 0 or more that `log_bins` reads from its bits: its octave, and 64 parts of it."""
    value = nw.when(value > 2.0**-40).then(value).otherwise(nw.lit(2.0**-40))
    octave = value.log(2).floor()  # off by one next to a power of 2, where the logarithm is rounded
    part = value / nw.lit(2.0) ** octave
    octave = nw.when(part >= 2.0).then(octave + 1.0).when(part < 1.0).then(octave - 1.0).otherwise(octave)
    part = value / nw.lit(2.0) ** octave
    return ((octave + 1023.0) * _PER_OCTAVE + ((part - 1.0) * _PER_OCTAVE).floor()).cast(nw.Int64)


def _histogram(table: Any, slots: Slots, numbers: Mapping[str, Any]) -> WeightHistogram:
    """Return the importance weights by size."""
    sized = table.select(bin=_bin(_of(slots.weight)), weight=_of(slots.weight), reward=nw.col("reward"))
    sums = {"count": nw.len(), "weight": nw.col("weight").sum(), "reward": nw.col("reward").sum()}
    found = _collected(sized.group_by("bin").agg(**sums))
    bins = found["bin"].to_numpy()
    first = int(bins.min())
    columns = np.zeros((3, int(bins.max()) - first + 1))
    columns[:, bins - first] = [found[name].to_numpy() for name in sums]
    total = float(np.sort(found["weight"].to_numpy()).sum())
    counts = int(numbers["n"]), int(numbers["zeros"])
    histogram = WeightHistogram(*counts, total, numbers["ww"], numbers["largest"], int(numbers["rewarded"]))
    histogram.put(max(first, LEAST), columns)
    return histogram


def _sizes(table: Any) -> dict[int, int]:
    """Return how many rewards there are of each size, zeros left out."""
    sized = table.filter(nw.col("reward") != 0.0).select(bin=_bin(nw.col("reward").abs()))
    found = _collected(sized.group_by("bin").agg(n=nw.len()))
    return {int(b): int(n) for b, n in zip(found["bin"].to_list(), found["n"].to_list(), strict=True)}
