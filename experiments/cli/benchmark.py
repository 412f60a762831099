"""`serendip benchmark`: who ranks best what users clicked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from serendip.experiments.cli.flags import (
    WHOLE_NUMBER,
    Backend,
    JsonFile,
    MinRating,
    Pairs,
    Parts,
    Positive,
    TimeUnit,
    shown,
)


@dataclass(frozen=True)
class Benchmark:
    """Tune every model alike on public data, and rank all items for held-out users.

    Results land in a folder; a second call with the same settings goes on where the first stopped.
    """

    data: Annotated[Path, tyro.conf.Positional, shown("DATA")]
    """Interactions, one a row: text with any separator, with or without a header (two columns are user and item, in
    time order), JSON lines, Parquet or Arrow, packed by gzip or not; a SciPy matrix as .npz; or a folder of these."""

    models: Annotated[tuple[str, ...], shown("MODEL")] = ()
    """Which models; when left out all that the data allow (`serendip list models`)."""

    use: Parts = ()
    """Models of your own, to be known by their names, each as file.py:CARD or package.module:CARD."""

    trials: int = 10
    """Settings tried for each model."""

    protocol: Literal["strong", "weak", "given", "last", "time"] = "strong"
    """Hold out other users, other clicks of the same users, what the data's test.txt says, everyone's last click, or
    all that happened after a moment."""

    columns: Pairs = ()
    """What columns are called, as user=listener item=song time=when rating=stars; without a header by number."""

    min_rating: MinRating = None
    """Smallest rating that counts as a positive."""

    positive: Positive = None
    """What makes a row a positive, in place of ratings, such as "watch_ratio>=0.8"."""

    time_unit: TimeUnit = None
    """Unit of times that are numbers from some start, such as days."""

    min_events: int = 5
    """Users with fewer positives are left out."""

    seed: int = 0
    """Seed of the split and of the search."""

    out: Annotated[Path, shown("DIR")] = Path("results/benchmark")
    """Where the results land."""

    jobs: Annotated[int, WHOLE_NUMBER] = 1
    """Models tuned side by side, each on one thread; times and memory are then those of a machine that is shared."""

    backend: Backend = "loky"
    """Whose processes: of this machine, or of a cluster of Ray or Dask (see docs/scale.md)."""

    json: JsonFile = None
    """Write the table as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run the benchmark and print its table."""
        import serendip
        from serendip.experiments.benchmark.screen import to_rich
        from serendip.experiments.cli.flags import pairs
        from serendip.experiments.cli.output import STDOUT, console_for, write

        for part in self.use:
            serendip.add(part)
        console = console_for(self.json)
        found = serendip.benchmark(
            self.data,
            self.models,
            trials=self.trials,
            protocol=self.protocol,
            min_rating=self.min_rating,
            min_events=self.min_events,
            positive=self.positive,
            time_unit=self.time_unit,
            seed=self.seed,
            out=self.out,
            columns=pairs(self.columns),
            jobs=self.jobs,
            backend=self.backend,
        )
        write(found.to_json(), self.json)
        for name, error in found.failed.items():
            console.print(f"{name} is not in the table: {error}", soft_wrap=True)
        if self.json != STDOUT:
            console.print(to_rich(found.to_json()))
        console.print(f"results in {self.out}: report.html, table.md, quality-by-time.png")
