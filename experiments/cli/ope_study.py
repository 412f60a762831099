"""`serendip ope-study`: how far estimators and their intervals can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from serendip.experiments.cli.flags import WHOLE_NUMBER, JsonFile, shown


@dataclass(frozen=True)
class OpeStudy:
    """Value policies from many simulated logs whose truth is known, by every estimator with every interval.

    Each log is a file in the results folder; the same command goes on where it was stopped.
    """

    logs: Annotated[int, WHOLE_NUMBER, shown("N")] = 20
    """Logs for each setting; fewer where one takes long."""

    out: Annotated[Path, shown("DIR")] = Path("results/ope-study")
    """Folder for what was found in each log, the tables and the figure."""

    json: JsonFile = None
    """Write all scores as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run what is missing and print the table."""
        from serendip.experiments.running.threads import stay_on_one_thread

        stay_on_one_thread()

        import dataclasses

        from serendip.experiments.cli.output import STDOUT, console_for, slot_progress, write
        from serendip.experiments.figures.ope_study import draw
        from serendip.experiments.figures.style import save
        from serendip.experiments.ope_study.study import intervals_table, markdown, run
        from serendip.simulator.files import write_whole

        console = console_for(self.json)
        with slot_progress(console, "logs") as progress:
            scores = run(self.out, self.logs, progress)
        values = [dataclasses.asdict(score) for score in scores]
        write(values, self.out / "scores.json")
        table = markdown(scores)
        write_whole(self.out / "table.md", table)
        write_whole(self.out / "intervals.md", intervals_table(scores, "log size", 1000))
        save(draw(scores), self.out / "study.png")
        if self.json != STDOUT:
            print("Each entry: bias, root mean squared error (both relative), coverage of 95%, rank correlation.\n")
            print(table)
        write(values, self.json)
        console.print(f"in {self.out}: table.md, intervals.md (one setting, every interval), scores.json, study.png")
