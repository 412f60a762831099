"""Every figure of a study is drawn, is a picture, and is the same twice."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from matplotlib.image import imread

from serendip.experiments.figures import FIGURES, draw_all
from serendip.experiments.figures.style import smooth
from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.results import Results
from serendip.experiments.online.study import Study


def made_up(n_seeds: int) -> Results:
    rng = np.random.default_rng(0)
    agents = ("uniform", "popularity")
    shape = (n_seeds, 20, 3, len(COUNTS))
    counts = {agent: rng.uniform(10.0, 20.0, shape) for agent in agents}
    study = Study(name="discovery", agents=agents, reference="uniform", seeds=n_seeds, days=20, world="tiny")
    return Results(study, tuple(range(n_seeds)), counts)


@pytest.mark.parametrize("n_seeds", [1, 2, 5])
def test_every_figure_is_drawn(n_seeds, tmp_path):
    files = draw_all(made_up(n_seeds), tmp_path)
    assert [f.stem for f in files] == list(FIGURES)
    for file in files:
        picture = imread(file)
        assert picture.std() > 0.05
        assert picture.shape[1] > 1000


def test_the_same_bytes_twice(tmp_path):
    hashes = [[hashlib.sha256(f.read_bytes()).hexdigest() for f in draw_all(made_up(3), tmp_path / n)] for n in "ab"]
    assert hashes[0] == hashes[1]


def test_smoothing_by_hand():
    assert smooth(np.array([[1.0, 3.0, 5.0, 7.0]]), days=2).tolist() == [[1.0, 2.0, 4.0, 6.0]]
