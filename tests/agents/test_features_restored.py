"""What a saved agent says of its features is held to the site it is for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from serendip.agents import registry
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Items


@pytest.mark.parametrize("rate", [np.full(5, 0.25, np.float32), np.full(6, np.nan, np.float32)])
def test_rates_of_fewer_items_or_of_none_are_refused(tmp_path: Path, rate: np.ndarray) -> None:
    """Six items; compiled loops would read beyond five rates."""
    registry.make("logistic-greedy", Items(np.zeros(6, np.int32), np.zeros(6, np.int32)), 2, 0).save(tmp_path / "agent")
    file = tmp_path / "agent" / "arrays.safetensors"
    arrays = load_file(file)
    (name,) = [key for key in arrays if key.endswith("rate")]
    save_file(arrays | {name: rate}, file)
    with pytest.raises(DataError, match=r"damaged .*6 items"):
        registry.load(tmp_path / "agent")
