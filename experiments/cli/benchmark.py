"""`serendip benchmark`: who ranks best what users clicked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from serendip.experiments.cli.flags import shown


@dataclass(frozen=True)
class Benchmark:
    """Tune every model alike on public data, and rank all items for held-out users.

    Results land in a folder; a second call with the same settings goes on where the first stopped.
    """

    data: Annotated[Path, tyro.conf.Positional, shown("DATA")]
    """Ratings as .csv, `user item` lines in time order as .txt, or a SciPy matrix as .npz."""

    models: Annotated[tuple[str, ...], shown("MODEL")] = ()
    """Which models; all when left out (`serendip list models`)."""

    trials: int = 10
    """Settings tried for each model."""

    protocol: Literal["strong", "weak", "given", "last"] = "strong"
    """Hold out other users, other clicks of the same users, what the data's test.txt says, or everyone's last
    click."""

    min_rating: float = 4.0
    """Ratings below it are not positive."""

    min_events: int = 5
    """Users with fewer positives are left out."""

    seed: int = 0
    """Of the split and of the search."""

    out: Annotated[Path, shown("DIR")] = Path("results/benchmark")
    """Where the results land."""

    def execute(self) -> None:
        """Run the benchmark and print its table."""
        from serendip.experiments.offline.ranking.benchmark import Plan, every_model, run
        from serendip.experiments.offline.ranking.table import markdown, plot, read_tests
        from serendip.simulator.interface import SettingsError

        if self.trials < 1 or self.min_events < 2:
            raise SettingsError(
                f"--trials must be 1 or more and --min-events 2 or more, got {self.trials} and {self.min_events}"
            )
        plan = Plan(str(self.data), self.protocol, self.trials, self.min_rating, self.min_events, self.seed)
        run(plan, self.models or every_model(), self.out, lambda line: print(line, flush=True))
        tests = read_tests(self.out)
        table = markdown(tests)
        (self.out / "table.md").write_text(table, encoding="utf-8")
        plot(tests, self.out / "quality-by-time.svg")
        print(table)
