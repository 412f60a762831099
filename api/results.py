"""What a study found, as tables, figures and files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from serendip.frames import file_to_write
from serendip.plots import Plots
from serendip.simulator.errors import SettingsError
from serendip.tables import Table


class StudyResults:
    """What a study found.

    Attributes:
        folder: where it is written.
        agents: the agents, in order.
        seeds: the worlds that all agents have finished.
        found: the counts that all of it is worked out from.
        files: names of the tables, figures and pages that were written just now.
    """

    def __init__(self, folder: Path, asked: Any = None) -> None:
        from serendip.experiments.online.results import read_results

        self.folder = Path(folder)
        self.found = read_results(self.folder, asked)
        self.agents, self.seeds = self.found.agents, self.found.seeds
        self.files = list[str]()

    @property
    def daily(self) -> Table:
        """One row for each seed, agent, day and activity group, with what was counted (users, visitors, clicks ...)."""
        from serendip.experiments.report.sending import daily_columns

        return Table(daily_columns(self.found))

    @property
    def summary(self) -> Table:
        """One row for each agent: the closing table, means over seeds with intervals (None below three seeds)."""
        from serendip.experiments.online.summary import summarise
        from serendip.experiments.report.sending import summary_columns

        return Table(summary_columns(summarise(self.found)))

    def lifts(self, over: str | None = None) -> Table:
        """Return the lifts of all agents over one, paired over seeds, in the closing window.

        Args:
            over: the agent that they are measured over; the study's own reference when left out.

        Returns:
            agent, group (`low`: the low-activity third; `all`), lift in users a day with its 95% interval (none below
            three seeds), and for the low-activity third the p-value, by Holm for the number of agents.

        Raises:
            SettingsError: no such agent took part.
        """
        from serendip.experiments.online.summary import summarise

        found = self.found
        reference = found.study.reference_agent() if over is None else over
        if reference not in self.agents:
            raise SettingsError(f"{reference!r} did not take part; agents: {', '.join(self.agents)}")
        study = dataclasses.replace(found.study, reference=reference)
        rows = [row for row in summarise(dataclasses.replace(found, study=study)) if row.agent != reference]
        both = [(row, "low", row.low_lift, row.low_lift_p) for row in rows]
        both += [(row, "all", row.lift, None) for row in rows]
        return Table(
            {
                "agent": [row.agent for row, *_ in both],
                "group": [group for _, group, _, _ in both],
                "lift": [lift.value for _, _, lift, _ in both],
                "low": [lift.low for _, _, lift, _ in both],
                "high": [lift.high for _, _, lift, _ in both],
                "p": [p for *_, p in both],
            }
        )

    @property
    def plot(self) -> Plots:
        """Figures of these results."""
        return Plots(self.found)

    def log(self, agent: str, seed: int | None = None) -> Path:
        """Return the folder of the log of an agent under a seed, the first when left out.

        Raises:
            SettingsError: it was not kept; ask for it by `logged_seeds`.
        """
        from serendip.experiments.online.study import unit_folder

        path = unit_folder(self.folder, self.seeds[0] if seed is None else seed, agent) / "log"
        if not path.is_dir():
            raise SettingsError(f"{path}: no log was kept there; run with more logged_seeds")
        return path

    def compare(self, other: StudyResults, *, report: str | Path | None = None) -> Table:
        """Return how many users came a day under each agent in this study and in another, in the closing days of each.

        Args:
            other: results of another study, such as one in another world.
            report: file of a page on the two; none when left out.

        Returns:
            agent, group (`low`: the low-activity third; `all`), first, second, difference with its 95% interval (none
            below three seeds), paired over the seeds of both, and its p-value, by Holm for the number of agents.

        Raises:
            SettingsError: no agent or no seed is in both.
        """
        from serendip.experiments.report.comparing import compare, compare_page
        from serendip.experiments.report.page import write_page
        from serendip.frames import file_to_write

        page = None if report is None else file_to_write(report)
        rows = compare(self.found, other.found)
        if page is not None:
            write_page(compare_page(self.folder, other.folder, (self.found, other.found), rows), page)
        return Table(
            {
                "agent": [row.agent for row in rows],
                "group": [row.group for row in rows],
                "first": [row.first for row in rows],
                "second": [row.second for row in rows],
                "difference": [row.difference.value for row in rows],
                "low": pa.array([row.difference.low for row in rows], pa.float64()),
                "high": pa.array([row.difference.high for row in rows], pa.float64()),
                "p": pa.array([row.p for row in rows], pa.float64()),
            }
        )

    def write(self, *, format: Sequence[str] = ("png",), dpi: int = 150, tables: Sequence[str] = ("csv",)) -> list[str]:
        """Write tables, figures, a page and words on all of them into the folder; return the names of the files.

        Args:
            format: of each figure: png, svg, pdf.
            dpi: dots per inch of a PNG.
            tables: format of each table: csv, parquet.

        Raises:
            SettingsError: there is no such format.
        """
        from serendip.experiments.online.run import Forms, write

        self.files = write(self.folder, self.found, Forms(tuple(format), dpi, tuple(tables)))
        return self.files

    def export(
        self,
        to: str | Path,
        *,
        format: Sequence[str] = ("png",),
        dpi: int = 150,
        tables: Sequence[str] = ("csv",),
        logs: bool = False,
    ) -> list[str]:
        """Write what can be sent, without what the study was made of; return the names of the files.

        Args:
            to: a folder that is not there yet, or a file that ends with `.zip`.
            format: of each figure: png, svg, pdf.
            dpi: dots per inch of a PNG.
            tables: format of each table: csv, parquet.
            logs: whether the logs of decisions go along, with the ids of the data.

        Raises:
            SettingsError: something is there already, or logs are asked for and none were kept.
        """
        from serendip.experiments.online.run import Forms
        from serendip.experiments.report.exporting import export

        return export(self.folder, Path(to), Forms(tuple(format), dpi, tuple(tables)), logs=logs)

    def report(self, file: str | Path | None = None) -> Path:
        """Write the page: the answer, the figures, the tables, how far they can be trusted; return the file.

        Args:
            file: where it is written; `report.html` in the folder when left out.
        """
        from serendip.experiments.report.study import report_study

        return report_study(self.folder, self.found, None if file is None else file_to_write(file))

    def to_json(self) -> dict[str, Any]:
        """Return the closing table as plain JSON values."""
        from serendip.experiments.online.summary import summarise, to_json

        return to_json(self.found, summarise(self.found))

    def __repr__(self) -> str:
        return f"StudyResults({', '.join(self.agents)}; {len(self.seeds)} seeds; {self.folder})"
