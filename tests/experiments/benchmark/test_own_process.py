"""What a fit costs, measured where nothing was fitted before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

from serendip.agents.models.ease import Ease
from serendip.agents.models.memory import peak_bytes
from serendip.experiments.benchmark.data import read_events
from serendip.experiments.benchmark.own_process import fitted_alone
from serendip.experiments.benchmark.splits import split

N_ITEMS = 1200


@pytest.mark.skipif(peak_bytes() == 0, reason="this system does not say how much memory a process has held")
def test_the_peak_is_the_models_own_the_second_time_too(tmp_path: Path) -> None:
    clicks = np.random.default_rng(0).random((60, N_ITEMS)) < 0.3
    scipy.sparse.save_npz(tmp_path / "clicks.npz", scipy.sparse.csr_array(clicks.astype(np.float32)))
    parts = split(read_events(tmp_path / "clicks.npz"), "weak", 0)
    matrix = N_ITEMS**2 * np.dtype(Ease().settings.precision).itemsize / 1e6
    for _ in range(2):
        cost, metrics = fitted_alone("ease", {}, parts)
        assert cost["peak_mb"] >= matrix
        assert cost["learned_mb"] == pytest.approx(N_ITEMS**2 * 4 / 1e6)
        assert metrics["ndcg@100"].shape == (60,)
