"""Estimators written for NumPy, run on the columns of an engine: what they compute becomes an expression of its own.

An estimator is arithmetic on columns, so a column that is no array but the name of one gives, in place of numbers, what
the engine is to compute.  Narwhals says it to DuckDB, Polars, Spark, Dask or whatever Ibis speaks to.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import narwhals as nw
import numpy as np

from serendip.simulator.errors import SettingsError

Expression = nw.Expr


class Traced:
    """A column of an engine, in place of an array (n,): arithmetic on it gives another."""

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Traced:
        """Return what a ufunc of NumPy says of columns."""
        if method != "__call__" or ufunc not in _UFUNCS:
            raise _unknown(ufunc)
        found = _UFUNCS[ufunc](*(_plain(one) for one in inputs))
        if "where" in options:
            found = nw.when(options["where"].expression).then(found).otherwise(_plain(options["out"][0]))
        return Traced(found)

    def __array_function__(self, function: Any, _types: Any, args: Any, _options: Any) -> Traced:
        """Return what a function of NumPy says of columns."""
        if function not in _FUNCTIONS:
            raise _unknown(function)
        return Traced(_FUNCTIONS[function](*(_plain(one) for one in args)))

    def _with(self, other: Any, do: Callable[[Any, Any], Any]) -> Traced:
        return Traced(do(self.expression, _plain(other)))

    def __add__(self, other: Any) -> Traced:
        return self._with(other, operator.add)

    def __radd__(self, other: Any) -> Traced:
        return self._with(other, lambda one, two: two + one)

    def __sub__(self, other: Any) -> Traced:
        return self._with(other, operator.sub)

    def __rsub__(self, other: Any) -> Traced:
        return self._with(other, lambda one, two: two - one)

    def __mul__(self, other: Any) -> Traced:
        return self._with(other, operator.mul)

    def __rmul__(self, other: Any) -> Traced:
        return self._with(other, lambda one, two: two * one)

    def __truediv__(self, other: Any) -> Traced:
        return self._with(other, operator.truediv)

    def __pow__(self, other: int) -> Traced:
        assert other == 2  # a square is a product, which every engine rounds alike
        return self._with(self, operator.mul)

    def __le__(self, other: Any) -> Traced:
        return self._with(other, operator.le)

    def __gt__(self, other: Any) -> Traced:
        return self._with(other, operator.gt)


def _plain(value: Any) -> Any:
    """Return the expression of a column, or a number as it is."""
    return value.expression if isinstance(value, Traced) else value


def _smaller(one: Expression, two: float) -> Expression:
    return nw.when(one <= two).then(one).otherwise(nw.lit(two))


def _where(condition: Expression, one: Any, two: Any) -> Expression:
    return nw.when(condition).then(one).otherwise(nw.lit(two) if isinstance(two, float) else two)


def _zero(_column: Any) -> Expression:
    return nw.lit(0.0)


def _unknown(function: Any) -> SettingsError:
    name = getattr(function, "__name__", function)
    return SettingsError(f"an estimator uses numpy.{name}, which no engine is told; leave it out, or --backend too")


_UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.minimum: _smaller,
    np.less_equal: operator.le,
    np.greater: operator.gt,
}
_FUNCTIONS: dict[Any, Callable[..., Any]] = {np.where: _where, np.zeros_like: _zero}
