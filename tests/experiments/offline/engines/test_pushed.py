"""An engine that sums a log itself comes to the estimates of the streaming path, and to its bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from serendip.experiments.offline.engines.pushed import value_frame
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation, Valued
from serendip.simulator.errors import DataError, SettingsError

NAMES = ("user", "reward", "propensity", "target", "predicted", "expected")
METHOD = Method(
    ("ips", "clipped_ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os", "subgaussian_ips", "beta_ips", "beta_dr"),
    tuning={"clip": 3.0},
    seed=5,
    n_replicates=40,
)


def table(n: int = 8000) -> dict[str, Any]:
    """Return a log with weights of 0, powers of 2 and of all sizes, and rewards of both signs."""
    rng = np.random.default_rng(3)
    propensity = np.where(rng.random(n) < 0.3, 2.0 ** -rng.integers(0, 50, n), rng.uniform(0.01, 1.0, n))
    target = np.where(rng.random(n) < 0.2, 0.0, rng.uniform(0.0, 1.0, n))
    target[:20], target[20:30] = propensity[:20], 2.0**-45
    reward = np.where(rng.random(n) < 0.6, 0.0, rng.normal(1.0, 2.0, n))
    user = rng.integers(-300, 300, n)
    found = user, reward, propensity, target, rng.random(n), rng.random(n)
    return dict(zip(NAMES, found, strict=True))


def frame(engine: str, columns: dict[str, Any]) -> Any:
    """Return the table as the engine has it."""
    arrow: Any = pa.table(columns)
    if engine == "duckdb":
        return pytest.importorskip("duckdb").from_arrow(arrow)
    return pytest.importorskip("polars").from_arrow(arrow).lazy()


def streamed(columns: dict[str, Any], method: Method) -> Valued:
    """Return what the streaming path says, in three batches."""
    valuation = Valuation(method)
    for rows in np.array_split(np.arange(len(columns["user"])), 3):
        valuation.update(Slots(**{name: column[rows] for name, column in columns.items()}))
    found = valuation.finish()
    assert found is not None
    return found


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_an_engine_comes_to_what_the_stream_comes_to(engine: str) -> None:
    columns = table()
    one = streamed(columns, METHOD)
    two = value_frame(frame(engine, columns), {name: name for name in NAMES}, METHOD)
    assert two is not None
    assert one.columns == two.columns
    assert one.reward_range == two.reward_range
    assert one.moments.n_users == two.moments.n_users
    np.testing.assert_allclose(two.moments.sums, one.moments.sums, rtol=1e-12)  # of the log, and of each replicate
    np.testing.assert_allclose(two.moments.products, one.moments.products, rtol=1e-11)
    np.testing.assert_allclose(two.floors, one.floors, rtol=1e-9)
    np.testing.assert_array_equal(two.weights.bins()[1], one.weights.bins()[1])
    np.testing.assert_allclose(two.weights.bins()[0], one.weights.bins()[0], rtol=1e-12)
    assert two.weights.n_zero == one.weights.n_zero > 0
    assert two.weights.largest == one.weights.largest
    assert two.reward_tail == one.reward_tail is not None
    np.testing.assert_allclose(two.serial.squares, one.serial.squares, rtol=1e-12)
    assert two.serial.correlation() is None  # an engine knows no order
    ours, theirs = one.estimates((-10.0, 10.0)), two.estimates((-10.0, 10.0))
    for name, estimate in ours.items():
        assert theirs[name].value == pytest.approx(estimate.value, rel=1e-12), name
        ends = [(one.low, one.high, one.standard_error) for one in (estimate, theirs[name])]
        assert ends[1] == pytest.approx(ends[0], rel=1e-9), name


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
def test_counts_of_the_bootstrap_are_the_same(engine: str) -> None:
    """Row 1 + r of column 0 is the sum of counts x rows: whole numbers, so that one other count would show."""
    columns = table(500)
    method = Method(("ips",), n_replicates=200)
    two = value_frame(frame(engine, columns), {name: name for name in NAMES}, method)
    assert two is not None
    assert two.moments.sums[:, 0].tolist() == streamed(columns, method).moments.sums[:, 0].tolist()


@pytest.mark.parametrize("engine", ["duckdb", "polars"])
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("propensity", 0.0, "propensity: 1 values are not above 0 and at most 1"),
        ("propensity", np.nan, "propensity: 1 values are not above 0"),
        ("target", 1.5, "target: 1 values are not 0 to 1"),
        ("reward", np.inf, "reward: 1 values are not a finite number"),
    ],
)
def test_bad_values_are_one_sentence(engine: str, name: str, value: float, sentence: str) -> None:
    columns = table(50)
    columns[name][7] = value
    with pytest.raises(DataError, match=sentence):
        value_frame(frame(engine, columns), {name: name for name in NAMES}, METHOD)


def test_an_engine_needs_whole_users_and_all_columns() -> None:
    columns = table(50)
    with pytest.raises(SettingsError, match="lacking: target"):
        value_frame(frame("polars", columns), {name: name for name in NAMES[:3]}, METHOD)
    columns["user"] = columns["user"].astype(str)
    with pytest.raises(DataError, match="users that are whole numbers"):
        value_frame(frame("polars", columns), {name: name for name in NAMES}, METHOD)
    empty = {name: column[:0] for name, column in table(5).items()}
    assert value_frame(frame("duckdb", empty), {name: name for name in NAMES}, METHOD) is None
