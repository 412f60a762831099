"""`serendip run`: agents meet simulated users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from serendip.experiments.cli.flags import (
    DPI,
    OWN,
    WHOLE_NUMBER,
    WHOLE_NUMBER_OR_0,
    Backend,
    Count,
    Formats,
    Jobs,
    JsonFile,
    Parts,
    TableFormats,
    shown,
)


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

    worlds: Annotated[tuple[str, ...], shown("NAME|DIR ...", OWN)] = ()
    """Worlds of a study of many, such as `uncertainty`, whose --agents are the arms that it declares."""

    users: Count = None
    """Users of each of these worlds."""

    declaration: Annotated[Path | None, shown("FILE", OWN)] = None
    """What such a study declares beforehand, as JSON."""

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

    jobs: Jobs = None
    """Runs side by side, each on one core; it changes no result either."""

    backend: Backend = "loky"
    """Whose processes: of this machine, or of a cluster of Ray or Dask (see docs/scale.md)."""

    logged_seeds: Annotated[int | None, WHOLE_NUMBER_OR_0, shown(hint="(default: 1)")] = None
    """Worlds, from the first, whose decisions are kept as a log for `serendip evaluate`."""

    save_agents: bool = False
    """Keep each agent as it was in the end, in agent/ beside its log; some take a hundred megabytes."""

    format: Formats = ("png",)
    """Formats of the figures."""

    dpi: DPI = 150
    """Dots per inch of a PNG."""

    tables: TableFormats = ("csv",)
    """Formats of the tables."""

    json: JsonFile = None
    """Write the closing table as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run the study and print its table.

        Raises:
            SettingsError: a flag that the study does not know.
        """
        import serendip
        from serendip.experiments.cli.output import console_for, write
        from serendip.experiments.online.run import tell
        from serendip.experiments.online.studies import find_study, protocol_of

        for part in self.use:
            serendip.add(part)
        console = console_for(self.json)
        if protocol := protocol_of(self.study):
            write(self._protocol(protocol, console), self.json)
            return
        self._refuse("worlds", "users", "declaration")
        results = serendip.run(
            self.agents,
            self.world,
            study=self.study,
            seeds=self.seeds,
            days=self.days,
            first_seed=self.first_seed,
            logged_seeds=self.logged_seeds,
            save_agents=self.save_agents or None,
            out=self._out(find_study(self.study)),
            format=self.format,
            dpi=self.dpi,
            tables=self.tables,
            jobs=self.jobs or 0,
            backend=self.backend,
            batch_size=self.batch_size or 0,
        )
        tell(results.folder, results.found, results.files, console)
        write(results.to_json(), self.json)

    def _out(self, study: Any) -> Path:
        """Return the folder of the results."""
        world = self.world or study.world
        return self.out or Path("results") / f"{study.name}-{Path(world).resolve().name}"

    def _protocol(self, protocol: str, console: Any) -> Any:
        """Run a study of many worlds; return its answers as plain values."""
        import pkgutil

        self._refuse("world", "first_seed", "logged_seeds", "save_agents", "batch_size")
        given = {name: getattr(self, name) for name in ("worlds", "agents", "users", "days", "seeds", "declaration")}
        out = self.out or Path("results") / self.study
        return pkgutil.resolve_name(protocol)(out, console, jobs=self.jobs or 0, backend=self.backend, **given)

    def _refuse(self, *flags: str) -> None:
        """Raise a SettingsError where one of these flags was given."""
        from serendip.simulator.errors import SettingsError

        for flag in flags:
            if getattr(self, flag):
                raise SettingsError(f"the study {self.study!r} takes no --{flag.replace('_', '-')}; leave it out")
