"""Models tuned alike and ranked on one's own data."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from serendip.frames import as_path
from serendip.simulator.errors import SettingsError
from serendip.tables import Table

MOST_TRIALS = 10_000


class Ranking(Table):
    """One row for each model and metric: model, metric, value, standard_error, in the order of quality.

    Attributes:
        failed: models that could not be tuned, and why.
        markdown: the table as it is printed, in Markdown.
    """

    def __init__(self, folder: Path, *, kept: bool) -> None:
        """Read what was found in `folder`, and where that is kept write the table, the figure and the page there."""
        from serendip.experiments.benchmark.table import as_json, failures, markdown, read_tests

        tests, self.failed = read_tests(folder), failures(folder)
        self._values, self.markdown = as_json(tests, self.failed), markdown(tests)
        rows = [
            {"model": name, "metric": metric, "value": values["mean"], "standard_error": values["error"]}
            for name, model in self._values["models"].items()
            for metric, values in model["metrics"].items()
        ]
        super().__init__({name: [row[name] for row in rows] for name in ("model", "metric", "value", "standard_error")})
        if kept:
            from serendip.experiments.figures.benchmark import draw_to
            from serendip.experiments.report.ranking import report_benchmark
            from serendip.simulator.files import write_whole

            write_whole(folder / "table.md", self.markdown)
            draw_to(tests, folder / "quality-by-time.png")
            report_benchmark(folder, tests, self.failed)

    def to_json(self) -> Any:
        """Return all that was found as plain JSON values."""
        return self._values


def _say(quiet: bool, line: str) -> None:
    """Say a line on stderr, where somebody wants to hear it."""
    from serendip.experiments.running.screen import printable
    from serendip.experiments.running.silence import is_silent

    if not quiet and not is_silent():
        print(printable(line), file=sys.stderr)


def benchmark(
    data: Any,
    models: Sequence[str] = (),
    *,
    trials: int = 10,
    protocol: Literal["strong", "weak", "given", "last", "time"] = "strong",
    min_rating: float | None = None,
    min_events: int = 5,
    positive: str | None = None,
    time_unit: str | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    quiet: bool = False,
    jobs: int = 1,
    backend: str = "loky",
    **roles: str,
) -> Ranking:
    """Return how well models rank what users of one's own data clicked, every model with the same number of trials.

    Args:
        data: ratings or clicks, as a file or a data frame.
        models: which models (`serendip.list("models")`); all that the data allow when left out.
        trials: settings tried for each model.
        protocol: what is held out: other users (`strong`), other clicks (`weak`), what the data say (`given`),
            everyone's last click (`last`), or all after a moment (`time`).
        min_rating: ratings below it are not positive; 4/5 of the largest when left out.
        min_events: users with fewer positives are left out.
        positive: what makes a row a positive, in place of ratings, such as `watch_ratio>=0.8`.
        time_unit: unit of times that are numbers from some start, such as `days`.
        seed: seed of the split and of the search.
        out: folder of the results, from which a second call goes on; none is kept when left out.
        columns: what the columns are called, by their roles: `user`, `item`, `rating`, `time`.
        quiet: whether nothing is printed.
        jobs: models tuned side by side, each on one thread; times are then those of a machine that is shared.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.
        roles: the same as words of their own: `user="listener"`.

    Returns:
        one row for each model and metric: model, metric, value, standard_error, in the order of quality.

    Raises:
        DataError: the data cannot be used; the message says why.
        SettingsError: an unknown model, or the folder holds results of another plan.

    Example:
        >>> import serendip
        >>> pairs = [(user, (user + 2 * step) % 20) for user in range(40) for step in range(8)]
        >>> clicks = {"user": [user for user, _ in pairs], "item": [item for _, item in pairs]}
        >>> serendip.benchmark(clicks, ["popularity"], trials=1, quiet=True)["model"][0]
        'popularity'
    """
    from serendip.agents.models.told import telling
    from serendip.experiments.benchmark.ranking import Plan, run
    from serendip.experiments.running.counting import counted
    from serendip.experiments.running.pool import run_jobs
    from serendip.experiments.running.screen import Screen

    if not 1 <= trials <= MOST_TRIALS or min_events < 2:
        raise SettingsError(
            f"trials must be 1 to {MOST_TRIALS:,} and min_events 2 or more, got {trials} and {min_events}"
        )
    given = {**(columns or {}), **roles}
    with tempfile.TemporaryDirectory(prefix="serendip-") as made, as_path(data) as path:
        folder = Path(made) / "benchmark" if out is None else Path(out)
        pairs = tuple(f"{name}={column}" for name, column in given.items())
        plan = Plan(str(path), protocol, trials, min_rating, min_events, seed, pairs, positive, time_unit)
        if jobs == 1 and backend == "loky":
            with counted("reading", quiet) as at, telling():
                run(plan, tuple(models), folder, partial(_say, quiet), at)
        else:
            screen = Screen(stderr=True, quiet=quiet)
            crew = partial(run_jobs, at_once=jobs, console=screen, steps="trials", backend=backend)
            run(plan, tuple(models), folder, partial(_say, quiet), side_by_side=crew)
        return Ranking(folder, kept=out is not None)
