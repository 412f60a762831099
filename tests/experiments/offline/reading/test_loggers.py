"""A table that several policies wrote is weighed under all of them, which is checked like every other weight."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from serendip.experiments.__main__ import main
from serendip.experiments.offline.evaluate import TableOptions, evaluate
from serendip.experiments.offline.parallel import Workers
from serendip.experiments.offline.valuation import Method
from serendip.simulator.errors import DataError, SettingsError

OLD, NEW, TARGET = np.array([0.7, 0.1, 0.1, 0.1]), np.array([0.1, 0.1, 0.1, 0.7]), np.array([0.1, 0.2, 0.3, 0.4])
RATE = np.array([0.1, 0.2, 0.4, 0.5])
BOTH = TableOptions(loggers=("old=p_old", "new=p_new"))
QUICK = Method(("ips", "snips", "balanced_ips", "balanced_snips"), n_replicates=100)


def columns(seed, n=4000):
    """Return a log of two policies; the new one writes a quarter of it."""
    rng = np.random.default_rng(seed)
    new = np.arange(n) % 4 == 0
    item = np.where(new, rng.choice(4, n, p=NEW), rng.choice(4, n, p=OLD))
    return {
        "user": np.arange(n) // 4, "item": item, "reward": (rng.random(n) < RATE[item]).astype(float),
        "propensity": np.where(new, NEW[item], OLD[item]), "pi": TARGET[item], "logger": np.where(new, "new", "old"),
        "p_old": OLD[item], "p_new": NEW[item],
    }  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def written(name="log.parquet", **changes):
        pq.write_table(pa.table(columns(1) | changes), tmp_path / name)
        return tmp_path / name

    return written


def test_weights_under_all_loggers_are_those_by_hand(file):
    c = columns(1)
    found = evaluate(file(), target_column="pi", table=BOTH, method=QUICK)
    weight = c["pi"] / (0.25 * c["p_new"] + 0.75 * c["p_old"])
    assert found.estimates["balanced_ips"].value == pytest.approx((weight * c["reward"]).mean(), rel=1e-12)
    assert found.estimates["balanced_snips"].value == pytest.approx(weight @ c["reward"] / weight.sum(), rel=1e-12)


def test_they_are_gone_by_where_they_are_less_noisy(file):
    found = evaluate(file(), target_column="pi", table=BOTH, method=QUICK)
    assert (found.verdict, found.recommended) == ("reliable", "balanced_snips")
    assert "weights under the mixture of the loggers are less noisy" in found.because
    best, plain = found.estimates["balanced_snips"], found.estimates["snips"]
    assert best.low <= TARGET @ RATE <= best.high
    assert best.high - best.low < 0.85 * (plain.high - plain.low)


@pytest.mark.parametrize(("factor", "left_out"), [(1.15, False), (2.0, True)])
def test_a_mixture_that_is_wrong_is_not_gone_by(file, factor, left_out):
    c = columns(1)
    wrong = np.minimum(factor * (0.25 * c["p_new"] + 0.75 * c["p_old"]), 1.0)
    found = evaluate(file(balanced_propensity=wrong), target_column="pi", method=QUICK)
    assert found.recommended == "snips"
    assert (found.estimates["balanced_snips"].value is None) == left_out
    assert left_out or "the mean weight under the mixture of the loggers is not 1" in found.because


def test_a_csv_says_it_too(file, tmp_path, capsys):
    pyarrow.csv.write_csv(pq.read_table(file()), tmp_path / "log.csv")
    words = ["evaluate", str(tmp_path / "log.csv"), "--target-column", "pi", "--loggers", "old=p_old", "new=p_new"]
    assert main(words) == 0
    assert "by balanced SNIPS" in " ".join(capsys.readouterr().out.split())


def test_what_is_wrong_with_loggers_is_said(file, tmp_path):
    def refused(message, options=BOTH, error=DataError, workers=None, **changes):
        with pytest.raises(error, match=message):
            evaluate(file(**changes), target_column="pi", table=options, method=QUICK, workers=workers)

    named = columns(1)["logger"].astype(object)
    named[3] = "other"
    refused("logger 'other' is none of old, new; say its column", logger=named)
    chance = columns(1)["p_new"].copy()
    chance[4] += 0.01
    refused(
        r"row 4: p_new \(of logger new\) is 0.\d+; allowed is 0 to 1, and where it chose the propensity", p_new=chance
    )
    refused("no column 'p_newest'", TableOptions(loggers=("old=p_old", "new=p_newest")))
    refused("'p_old' is not NAME=COLUMN", TableOptions(loggers=("p_old",)), SettingsError)
    refused("one policy; a mixture needs two", TableOptions(loggers=("old=p_old",)), SettingsError)
    refused("take the log as a whole; leave --jobs out", error=SettingsError, workers=Workers(1))
    without = pq.read_table(file()).drop_columns(["logger"])
    pq.write_table(without, tmp_path / "none.parquet")
    with pytest.raises(DataError, match="no column says which policy chose each row; say it, as logger=COLUMN"):
        evaluate(tmp_path / "none.parquet", target_column="pi", table=BOTH, method=QUICK)
