"""What makes a results folder one that can be sent: tables as CSV, and a page of plain words about all in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.results import Results
from serendip.experiments.online.statistics import Interval
from serendip.experiments.online.summary import Row
from serendip.experiments.running.folder import PROVENANCE
from serendip.simulator.files import write_whole
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.settings_json import read_json

COLUMNS = {
    "seed": "number of the world that was drawn; every agent meets the same ones",
    "agent": "as on the command line",
    "day": "from 0",
    "group": f"third of the users by how often they come before the experiment: {', '.join(ACTIVITY_GROUPS)}",
    "users": "who have arrived",
    "visitors": "who came that day (daily active users)",
    "slates": "slates that were shown that day",
    "clicks": "clicks of that day",
    "alive": "who have not left for good by the evening",
    "liked_known": "liked topics that are known, summed over those alive",
    "breadth": "repertoire in topics, summed over those alive",
    "discoveries": "liked topics that became known that day",
}
SUMMARY = {
    "low_visitors": "daily active users of the low-activity third, in the closing days",
    "low_lift": "its difference to the reference agent, paired over seeds",
    "visitors": "daily active users of all, in the closing days",
    "lift": "its difference to the reference agent, paired over seeds",
    "early_click_rate": "clicks per slate in the opening days",
    "late_click_rate": "clicks per slate in the closing days",
    "clicks": "clicks a day in the closing days",
    "liked_known": "liked topics known to each user alive on the last day",
    "alive": "share of the users who have not left by the last day",
    "low_lift_p, lift_p": "p-value of no difference, adjusted for the number of agents (Holm)",
    "gap_closed": "share of the growth oracle's lead over the reference, in low_visitors, that the agent has",
}


def write_to_send(out: Path, results: Results, rows: Sequence[Row]) -> list[str]:
    """Write `summary.csv`, `daily.csv` and `README.txt` into the folder `out`; return their names."""
    write_whole(out / "summary.csv", _csv(*_summary(rows)))
    write_whole(out / "daily.csv", _csv(("seed", "agent", "day", "group", *COUNTS), _daily(results)))
    write_whole(out / "README.txt", "\n".join(_words(out, results)) + "\n")
    return ["README.txt", "summary.csv", "daily.csv"]


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows(rows)
    return text.getvalue()


def _summary(rows: Sequence[Row]) -> tuple[list[str], list[list[Any]]]:
    """Return the names of the columns and the rows of the closing table; an interval is three columns."""
    head, lines = list[str](), list[list[Any]]()
    for row in rows:
        line = dict[str, Any]()
        for field in fields(row):
            value = getattr(row, field.name)
            parts = (
                {"": value.value, "_low": value.low, "_high": value.high}
                if isinstance(value, Interval)
                else {"": value}
            )
            line |= {field.name + end: _plain(part) for end, part in parts.items()}
        head = list(line)
        lines.append(list(line.values()))
    return head, lines


def _plain(value: Any) -> Any:
    """Return a value as a cell: nothing where there is no number."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return f"{value:.10g}" if isinstance(value, float) else value


def _daily(results: Results) -> Iterable[list[Any]]:
    """Yield a row for each seed, agent, day and group."""
    for at, seed in enumerate(results.seeds):
        for agent in results.agents:
            for day, groups in enumerate(results.counts[agent][at]):
                for group, counts in zip(ACTIVITY_GROUPS, groups, strict=True):
                    yield [seed, agent, day, group, *(f"{count:.10g}" for count in counts)]


def _words(out: Path, results: Results) -> list[str]:
    """Return what was asked, how, and what each file and column is."""
    study, made = results.study, read_json(out / "study.json")[PROVENANCE]
    begun = datetime.fromtimestamp((out / "study.json").stat().st_mtime, UTC).date().isoformat()
    return [
        f"Study {study.name} in the world {study.world}: {len(results.agents)} agents over {study.days} days, "
        f"seeds {', '.join(map(str, results.seeds))}.",
        f"Agents: {', '.join(results.agents)}. Lifts are over {study.reference_agent()}.",
        f"The opening days are the first {results.first}, the closing days the last {results.last}.",
        "",
        f"Made by serendip {made['version']}; plan last written {begun}. Commands:",
        *(f"    {command}" for command in made["commands"]),
        "",
        "Files",
        "    README.txt      this page",
        "    study.json      what was asked: agents, seeds, days, world; version, commands and checksums",
        "    world.json      settings of the world",
        "    summary.csv     one row for each agent; also as summary.md and summary.json",
        "    daily.csv       one row for each seed, agent, day and group of users",
        "    report.html     one page of it all, to open in a browser",
        "    figures/        pictures of daily.csv; `serendip plot DIR --formats svg pdf` draws them as SVG or PDF",
        "    seeds/, logs    what the study was made of, from which it goes on",
        "",
        "Columns of summary.csv: means over seeds, with the ends of a 95% interval as _low and _high",
        *(f"    {name}: {text}" for name, text in SUMMARY.items()),
        "",
        "Columns of daily.csv: counts",
        *(f"    {name}: {text}" for name, text in COLUMNS.items()),
    ]
