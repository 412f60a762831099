"""Models tuned alike and ranked on one's own data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from serendip.frames import as_path
from serendip.tables import Table


def benchmark(
    data: Any,
    models: Sequence[str] = (),
    *,
    trials: int = 10,
    protocol: Literal["strong", "weak", "given", "last", "time"] = "strong",
    min_rating: float | None = None,
    min_events: int = 5,
    seed: int = 0,
    out: str | Path | None = None,
    quiet: bool = False,
    **columns: str,
) -> Table:
    """Return how well models rank what users of one's own data clicked, every model with the same number of trials.

    Args:
        data: ratings or clicks, as a file or a data frame.
        models: which models (`serendip.list("models")`); all that the data allow when left out.
        trials: settings tried for each model.
        protocol: what is held out: other users, other clicks, what the data say, or everyone's last click.
        min_rating: ratings below it are not positive; 4/5 of the largest when left out.
        min_events: users with fewer positives are left out.
        seed: seed of the split and of the search.
        out: folder of the results, from which a second call goes on; none is kept when left out.
        quiet: whether nothing is printed.
        columns: what the columns are called, such as `user="listener"`.

    Returns:
        one row for each model and metric: model, metric, value, standard_error, in the order of quality.

    Raises:
        DataError: the data cannot be used; the message says why.
        SettingsError: an unknown model, or the folder holds results of another plan.
    """
    from serendip.experiments.benchmark.ranking import Plan, run
    from serendip.experiments.benchmark.table import as_json, failures, read_tests

    with tempfile.TemporaryDirectory(prefix="serendip-") as made, as_path(data) as path:
        folder = Path(made) / "benchmark" if out is None else Path(out)
        named = tuple(f"{name}={column}" for name, column in columns.items())
        plan = Plan(str(path), protocol, trials, min_rating, min_events, seed, named)
        run(plan, tuple(models), folder, (lambda line: None) if quiet else print)
        found = as_json(read_tests(folder), failures(folder))["models"]
    rows = [
        {"model": name, "metric": metric, "value": values["mean"], "standard_error": values["error"]}
        for name, model in found.items()
        for metric, values in model["metrics"].items()
    ]
    return Table({name: [row[name] for row in rows] for name in ("model", "metric", "value", "standard_error")})
