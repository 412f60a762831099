"""`serendip run`: agents meet simulated users."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import OWN, WHOLE_NUMBER, WHOLE_NUMBER_OR_0, Count, JsonFile, Parts, shown


@dataclass(frozen=True)
class Run:
    """Run a study: agents meet simulated users, and what happens is written down.

    What is already in the results folder is not run again, so the same command goes on where it was stopped.
    """

    study: Annotated[str, tyro.conf.Positional, shown("STUDY")]
    """Which study; `serendip list studies` names them."""

    world: Annotated[str | None, shown("NAME|DIR", OWN)] = None
    """A world by name (`serendip list worlds`), or a folder that `serendip calibrate` wrote."""

    agents: Annotated[tuple[str, ...], shown("NAME ...", OWN)] = ()
    """Agents to compare (`serendip list agents`), each as NAME or NAME:SETTING=VALUE,...; or agents of your own, as
    file.py:Class, package.module:Class or the folder of a saved agent."""

    use: Parts = ()
    """Parts of your own (a strategy, a belief, a model, a dynamics ...) to be known by their names, each as
    file.py:CARD or package.module:CARD."""

    seeds: Count = None
    """How many worlds are drawn; every agent meets the same ones."""

    first_seed: Annotated[int | None, WHOLE_NUMBER_OR_0, shown(hint="(default: 0)")] = None
    """Number of the first world; tune settings on other worlds than those you compare in."""

    days: Count = None
    """Length of the experiment, in days."""

    out: Annotated[Path | None, shown("DIR", "(default: results/STUDY-WORLD)")] = None
    """Folder for settings, tables, logs and figures."""

    batch_size: Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: all)")] = None
    """Visits handled at a time; it changes speed and memory, never a result."""

    jobs: Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: one for each core)")] = None
    """Runs side by side, each on one core; it changes no result either."""

    logged_seeds: Annotated[int | None, WHOLE_NUMBER_OR_0, shown(hint="(default: 1)")] = None
    """Worlds, from the first, whose decisions are kept as a log for `serendip evaluate`."""

    json: JsonFile = None
    """Write the closing table as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run the study and print its table."""
        from serendip.experiments.cli.output import console_for, write
        from serendip.experiments.online.agents import admit_agents
        from serendip.experiments.online.run import run
        from serendip.experiments.online.studies import find_study
        from serendip.parts import add

        for part in self.use:
            add(part)
        admit_agents(self.agents)
        study = find_study(self.study)
        given = {
            name: getattr(self, name) for name in ("world", "agents", "seeds", "first_seed", "days", "logged_seeds")
        }
        study = replace(study, **{name: value for name, value in given.items() if value not in (None, ())})
        out = self.out or Path("results") / f"{study.name}-{Path(study.world).resolve().name}"
        console = console_for(self.json)
        values = run(study, out, console, batch_size=self.batch_size or 0, jobs=self.jobs or 0)
        write(values, self.json)
