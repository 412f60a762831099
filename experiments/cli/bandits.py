"""`serendip bandits`: what each belief and strategy costs in regret, without a recommender."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from serendip.experiments.cli.flags import WHOLE_NUMBER, Backend, Jobs, JsonFile, shown


@dataclass(frozen=True)
class Bandits:
    """Play bandits with every belief and every strategy, and compare their regrets with uniform's.

    What is already in the results folder is not played again, so the same command goes on where it was stopped.
    """

    bandits: Annotated[tuple[str, ...], shown("NAME ...", "(default: all)")] = ()
    """Which kinds of bandit; `serendip list bandits` names them."""

    beliefs: Annotated[tuple[str, ...], shown("NAME ...", "(default: all that apply)")] = ()
    """Which beliefs; `serendip list bandit-beliefs` names them."""

    quick: bool = False
    """Few rounds and few runs: a look at everything in about two minutes."""

    horizon: Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: 2000, quick: 200)")] = None
    """Rounds of a run."""

    runs: Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: 30, quick: 5)")] = None
    """Bandits of each kind, every strategy on the same ones."""

    seed: int = 0
    """Seed of all that is random."""

    out: Annotated[Path | None, shown("DIR", "(default: results/bandits, quick: results/bandits-quick)")] = None
    """Folder for results, table and figures."""

    jobs: Jobs = None
    """Beliefs played side by side, each on one core; it changes no result."""

    backend: Backend = "loky"
    """Whose processes: of this machine, or of a cluster of Ray or Dask (see docs/scale.md)."""

    json: JsonFile = None
    """Write the table as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Play what is left and print the table."""
        from serendip.experiments.bandits.run import run
        from serendip.experiments.bandits.suite import QUICK, Plan, units
        from serendip.experiments.cli.output import console_for, write

        usual = QUICK if self.quick else Plan()
        plan = Plan(self.horizon or usual.horizon, self.runs or usual.runs, self.seed)
        out = self.out or Path("results") / ("bandits-quick" if self.quick else "bandits")
        console = console_for(self.json)
        wanted = units(plan, self.bandits, self.beliefs, long=not self.quick)
        write(run(plan, wanted, out, console, self.jobs or 0, self.backend), self.json)
