"""`serendip run`: agents meet simulated users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import WHOLE_NUMBER, Count, JsonFile, Names, shown


@dataclass(frozen=True)
class Run:
    """Run a study: agents meet simulated users, and what happens is written down.

    Seeds that are already in the results folder are not run again, so a run that was stopped goes on.
    """

    study: Annotated[str, tyro.conf.Positional, shown("STUDY")]
    """Which study; `serendip list studies` names them."""

    world: Annotated[str, shown("NAME|DIR", "(default: default)")] = "default"
    """A world by name (`serendip list worlds`), or a folder that `serendip calibrate` wrote."""

    agents: Names = ()
    """Agents to compare (`serendip list agents`); those of the study when left out."""

    seeds: Count = None
    """How many worlds are drawn; every agent meets the same ones."""

    days: Count = None
    """Length of the experiment, in days."""

    out: Annotated[Path, shown("DIR", "(default: results)")] = Path("results")
    """Folder for settings, tables, logs and figures."""

    batch_size: Annotated[int | None, WHOLE_NUMBER, shown()] = None
    """Visits handled at a time; it changes speed and memory, never a result."""

    json: JsonFile = None
    """Write the summary as JSON to this file, or to stdout with `-`."""

    jobs: Count = None
    """Agents and seeds run side by side; one for each core when left out.  It changes no result."""

    logged_seeds: Annotated[int | None, WHOLE_NUMBER, shown()] = None
    """Seeds, from the first, of which the log of decisions is kept; one when left out."""

    def execute(self) -> None:
        """Run the study and print its table."""
        from dataclasses import replace

        from serendip.experiments.cli.output import console_for, write
        from serendip.experiments.online.run import run
        from serendip.experiments.online.studies import find_study

        given = {"agents": self.agents, "seeds": self.seeds, "days": self.days, "logged_seeds": self.logged_seeds}
        study = replace(find_study(self.study), world=self.world, **{name: v for name, v in given.items() if v})
        values = run(study, self.out, console_for(self.json), batch_size=self.batch_size or 0, jobs=self.jobs or 0)
        write(values, self.json)
