"""Features of rows lessen the noise of DR for a target in a column, and leave it right."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.offline.crossfit import folds
from serendip.experiments.offline.evaluate import TableOptions, evaluate
from serendip.experiments.offline.parallel import Workers
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError

QUICK = Method(("ips", "snips", "dr", "sndr", "beta_dr"), n_replicates=100)
BY = TableOptions(features=("age", "country"))
LOGGING, TARGET = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
COUNTRIES = np.array(["a", "b", "c"])


def columns(seed, n=4000):
    """Return a log whose rewards depend on age, country and, less, on the item; and the truth."""
    rng = np.random.default_rng(seed)
    age, country, item = rng.uniform(20.0, 60.0, n), rng.integers(0, 3, n), rng.choice(4, n, p=LOGGING)
    rate = 0.05 + 0.6 * (age > 40.0) + 0.1 * country + 0.05 * item
    truth = 0.05 + 0.3 + 0.1 + 0.05 * float(TARGET @ np.arange(4))
    return {
        "user": np.arange(n) // 2, "item": item, "reward": (rng.random(n) < rate).astype(float), "age": age,
        "propensity": LOGGING[item], "pi": TARGET[item], "country": COUNTRIES[country],
    }, truth  # fmt: skip


@pytest.fixture
def file(tmp_path):
    pq.write_table(pa.table(columns(1)[0]), tmp_path / "log.parquet")
    return tmp_path / "log.parquet"


def test_they_lessen_the_noise_and_leave_the_value_right(file):
    found = evaluate(file, target_column="pi", table=BY, method=QUICK)
    plain, best = found.estimates["snips"], found.estimates["sndr"]
    assert found.recommended == "sndr"
    assert best.standard_error < 0.92 * plain.standard_error
    assert best.low <= columns(1)[1] <= best.high


def test_they_are_right_in_log_after_log(tmp_path):
    off = list[float]()
    for seed in range(20):
        c, truth = columns(seed, 1000)
        pq.write_table(pa.table(c), tmp_path / "log.parquet")
        e = evaluate(tmp_path / "log.parquet", target_column="pi", table=BY, method=QUICK).estimates["sndr"]
        off.append((e.value - truth) / e.standard_error)
    # of 20 logs the mean of z is beyond 4 / sqrt(20) once in 15,000 times
    assert abs(np.mean(off)) < 4.0 / np.sqrt(20)


def test_no_reward_predicts_itself(tmp_path):
    c, _ = columns(2)
    own = folds(0, c["user"]) == 0
    rows = np.where(own)[0]
    turned = c["reward"].copy()
    turned[rows] = 1.0 - turned[rows]
    found = list[np.ndarray]()
    for reward in (c["reward"], turned):
        pq.write_table(pa.table(c | {"reward": reward}), tmp_path / "log.parquet")
        from serendip.experiments.offline.reading.opening import open_source

        source = open_source(tmp_path / "log.parquet", target_column="pi", options=BY)
        found.append(np.concatenate([batch.further["predicted"] for batch in source.batches()]))
    assert np.array_equal(found[0][own], found[1][own])
    assert not np.allclose(found[0][~own], found[1][~own])
    assert np.corrcoef(found[0], c["reward"])[0, 1] > 0.4


def test_a_csv_and_the_command_line_take_them(file, tmp_path, capsys):
    pyarrow.csv.write_csv(pq.read_table(file), tmp_path / "log.csv")
    words = ["evaluate", str(tmp_path / "log.csv"), "--target-column", "pi", "--features", "age", "country"]
    assert main(words) == 0
    assert "by self-normalised DR" in " ".join(capsys.readouterr().out.split())


def test_what_is_wrong_with_features_is_said(file):
    def refused(error, message, options=BY, **more):
        with pytest.raises(error, match=message):
            evaluate(file, table=options, method=QUICK, **({"target_column": "pi"} | more))

    refused(DataError, "no column 'height'", TableOptions(features=("height",)))
    refused(SettingsError, "name each column once", TableOptions(features=("age", "age")))
    refused(SettingsError, "leave --jobs out", workers=Workers(1))
    refused(SettingsError, "take --reward-model states", target="popularity", target_column=None)
