"""The picture of long-run estimates opens, with and without what changes."""

from __future__ import annotations

import matplotlib.image
import pytest

from serendip.experiments.figures.long_term import draw
from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.intervals.estimate import Estimate


@pytest.mark.parametrize("changes", [True, False])
def test_a_picture_of_activity_opens(tmp_path, changes):
    found = {"mis": Estimate(8.0, 7.0, 9.0, 0.5), "drl": Estimate(5.0, -90.0, 100.0, 48.0)}
    if changes:
        found |= {"lift": Estimate(0.4, -0.2, 1.0, 0.3)}
    d = {"days_counted": 30.0, "logged_visits": 7.6 if changes else None}
    file = draw(Evaluation("log", "agent", found, d, "weak", [], 8.2 if changes else None, None, []), tmp_path / "new")
    assert matplotlib.image.imread(file).shape[1] > (1200 if changes else 600)
