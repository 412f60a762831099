"""`serendip beliefs`: what beliefs know of what they do not know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from serendip.experiments.cli.flags import Backend, Jobs, JsonFile, shown


@dataclass(frozen=True)
class Beliefs:
    """Ask every belief about the same site: does it propose what was never shown, and can its doubts be trusted?

    A world is lived in for some days, a share of its items held back. Each belief learns from that, and is held against
    what the simulator knows. A seed that is finished in the results folder is not run again.
    """

    world: Annotated[str, shown("NAME|DIR")] = "default"
    """A world by name (`serendip list worlds`), or a folder that `serendip calibrate` wrote."""

    seeds: int = 1
    """How many worlds are drawn."""

    days: int = 20
    """How long the site lived before."""

    held_back: float = 0.2
    """Share of the items that nobody was ever shown."""

    epochs: int = 50
    """Passes over the data in each autoencoder's training."""

    draws: int = 128
    """Hypotheses behind a probability, where they cannot be counted."""

    out: Annotated[Path, shown("DIR")] = Path("results/beliefs")
    """Where tables and the figure land."""

    jobs: Jobs = None
    """Seeds side by side, each on one core; it changes no result."""

    backend: Backend = "loky"
    """Whose processes: of this machine, or of a cluster of Ray or Dask (see docs/scale.md)."""

    json: JsonFile = None
    """Write all values as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run both questions and print their tables."""
        from serendip.experiments.beliefs.report import Plan, calibration_table, never_shown_table, run
        from serendip.experiments.cli.output import STDOUT, console_for, write
        from serendip.experiments.running.screen import print_markdown

        console = console_for(self.json)
        plan = Plan(self.world, self.days, self.held_back, self.epochs, self.draws)
        values = run(plan, self.seeds, self.out, console, self.jobs or 0, self.backend)
        write(values, self.json)
        if self.json != STDOUT:
            print_markdown(console, never_shown_table(values))
            print_markdown(console, calibration_table(values))
        console.print(f"results in {self.out}: never-shown.md, calibration.md, calibration.png, beliefs.json")
