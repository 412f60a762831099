"""`serendip benchmark`: who ranks best what users clicked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from serendip.experiments.cli.flags import JsonFile, MinRating, Pairs, Parts, Positive, TimeUnit, shown


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

    json: JsonFile = None
    """Write the table as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run the benchmark and print its table."""
        from serendip.agents.models.told import telling
        from serendip.experiments.benchmark.ranking import Plan, run
        from serendip.experiments.benchmark.table import as_json, failures, markdown, read_tests
        from serendip.experiments.cli.output import console_for, step_progress, write
        from serendip.experiments.figures.benchmark import draw
        from serendip.parts import add
        from serendip.simulator.errors import SettingsError
        from serendip.simulator.files import write_whole

        for part in self.use:
            add(part)
        if not 1 <= self.trials <= 10_000 or self.min_events < 2:
            raise SettingsError(
                f"--trials must be 1 to 10,000 and --min-events 2 or more, got {self.trials} and {self.min_events}"
            )
        said = (self.columns, self.positive, self.time_unit)
        plan = Plan(str(self.data), self.protocol, self.trials, self.min_rating, self.min_events, self.seed, *said)
        console = console_for(self.json)
        with step_progress(console) as at, telling():
            run(plan, self.models, self.out, lambda line: console.print(line, soft_wrap=True), at)
        failed = failures(self.out)
        for name, error in failed.items():
            console.print(f"{name} is not in the table: {error}", soft_wrap=True)
        tests = read_tests(self.out)
        table = markdown(tests)
        write_whole(self.out / "table.md", table)
        draw(tests, self.out / "quality-by-time.png")
        console.print(table, soft_wrap=True)
        write(as_json(tests, failed), self.json)
