"""The figures of an evaluation are drawn, are pictures, and are the same twice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.image import imread

from serendip.experiments.__main__ import main
from serendip.experiments.figures.off_policy import draw_all
from serendip.experiments.offline.evaluate import evaluate
from serendip.experiments.offline.valuation import Method


def a_table(path, n=600):
    rng = np.random.default_rng(0)
    columns = {"user": rng.integers(0, 40, n), "reward": (rng.random(n) < 0.3).astype(float)}
    columns |= {"propensity": rng.uniform(0.05, 1.0, n), "target": rng.uniform(0.0, 0.5, n)}
    pq.write_table(pa.table(columns), path)
    return path


def test_every_figure_is_drawn_and_the_same_twice(tmp_path):
    log = a_table(tmp_path / "log.parquet")
    evaluation = evaluate(log, target_column="target", truth=0.3, method=Method(n_replicates=20))
    first, second = (draw_all(evaluation, tmp_path / name) for name in "ab")
    assert [file.stem for file in first] == ["weights", "estimates", "clipping"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert imread(one).std() > 0.03


def test_the_command_draws_where_it_is_told(tmp_path, capsys):
    log = a_table(tmp_path / "log.parquet")
    assert main(["evaluate", str(log), "--target-column", "target", "--figures", str(tmp_path / "figures")]) == 0
    assert (tmp_path / "figures" / "clipping.png").exists()
    assert "weights.png" in " ".join(capsys.readouterr().out.split())
