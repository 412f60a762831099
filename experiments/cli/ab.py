"""`serendip ab`: what an A/B test would say, against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import WHOLE_NUMBER, JsonFile, shown


@dataclass(frozen=True)
class Ab:
    """Run A/B tests of two agents in many small worlds, and say how far each design is off.

    The truth is that of worlds apart, one for each agent, which nobody has in the field.
    """

    design: Annotated[str, tyro.conf.Positional, shown("DESIGN")]
    """user-split, own-data, clusters, corpus or switchback; or `all`."""

    agents: Annotated[tuple[str, ...], shown("A B ...")]
    """The agent that is there, and one or more that may replace it, each as NAME or NAME:SETTING=VALUE,..."""

    world: Annotated[str, shown("NAME|DIR")] = "tiny"
    """A world by name (`serendip list worlds`), or a folder."""

    users: Annotated[int, WHOLE_NUMBER] = 100
    """Users of each world."""

    days: Annotated[int, WHOLE_NUMBER] = 60
    """Length of a test, in days."""

    worlds: Annotated[int, WHOLE_NUMBER] = 20
    """How many worlds each test is run in."""

    out: Annotated[Path, shown("DIR")] = Path("results/ab")
    """Folder of the results; the same command goes on where it was stopped."""

    jobs: Annotated[int | None, WHOLE_NUMBER, shown(hint="(default: one for each core)")] = None
    """Tests side by side, each on one core; it changes no result."""

    json: JsonFile = None
    """Write the scores as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run the tests and print the table.

        Raises:
            SettingsError: fewer than two agents.
        """
        from dataclasses import asdict

        from serendip.experiments.ab.run import markdown, run
        from serendip.experiments.ab.table import write_scores
        from serendip.experiments.ab.trial import Setting
        from serendip.experiments.cli.output import console_for, write
        from serendip.experiments.figures.ab import draw
        from serendip.experiments.figures.style import save
        from serendip.experiments.running.screen import print_markdown
        from serendip.simulator.errors import SettingsError
        from serendip.simulator.files import write_whole

        if len(self.agents) < 2:
            raise SettingsError(
                f"agents is {' '.join(self.agents)}; name the one that is there and one that may follow"
            )
        console, setting = console_for(self.json), Setting(self.world, self.users, self.days)
        pairs = [(self.agents[0], agent) for agent in self.agents[1:]]
        found = run(
            self.out,
            () if self.design == "all" else (self.design,),
            pairs,
            setting,
            self.worlds,
            console,
            self.jobs or 0,
        )
        table = markdown(found)
        write_whole(self.out / "ab.md", table)
        write_scores(self.out / "ab.csv", found)
        save(draw(found), self.out / "ab.png")
        print_markdown(console, table)
        console.print(f"in {self.out}: ab.md, ab.csv, ab.png")
        write([asdict(score) for score in found], self.json)
