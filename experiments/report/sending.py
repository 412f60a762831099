"""What makes a results folder one that can be sent: tables as CSV or Parquet, and plain words about all in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.online.agents import read_agent
from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.results import Results
from serendip.experiments.online.statistics import Interval
from serendip.experiments.online.summary import Row
from serendip.experiments.report.again import CONFIG, flags_of
from serendip.experiments.running.folder import PROVENANCE
from serendip.simulator.files import whole_file, write_whole
from serendip.simulator.population import ACTIVITY_GROUPS
from serendip.simulator.settings_json import read_json

TABLES = ("csv", "parquet")
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


FILES = {
    "README.txt": "this page",
    "study.json": "what was asked: agents, seeds, days, world; version, commands and checksums",
    CONFIG: "the same as flags: serendip run --config study.toml asks for it again",
    "world": "the world: its settings, and where it was fitted its items and people",
    "summary.*": "one row for each agent, as CSV or Parquet, Markdown and JSON",
    "daily.*": "one row for each seed, agent, day and group of users",
    "costs.json": "seconds that learning took",
    "report.html": "one page of it all, to open in a browser",
    "figures": "pictures; `serendip plot DIR --format svg pdf` draws them as SVG or PDF",
    "logs": "what was shown and clicked, by the ids of the data; one file for each seed and agent",
    "seeds": "what the study was made of, from which it goes on",
}


def write_to_send(
    source: Path, results: Results, rows: Sequence[Row], to: Path, tables: Sequence[str] = ("csv",)
) -> list[str]:
    """Write the tables `summary` and `daily`, `study.toml` and `README.txt`; return their names.

    Args:
        source: the folder of the results.
        results: what of it is told.
        rows: its closing table.
        to: folder that they are written to.
        tables: formats of the tables: csv, parquet.
    """
    names = list[str]()
    for name, columns in (("summary", summary_columns(rows)), ("daily", daily_columns(results))):
        for kind in tables:
            _WRITE[kind](to / f"{name}.{kind}", columns)
            names.append(f"{name}.{kind}")
    write_whole(to / CONFIG, flags_of(results.study))
    write_whole(to / "README.txt", "\n".join(_words(source, results, to)) + "\n")
    return ["README.txt", CONFIG, *names]


def daily_columns(results: Results) -> dict[str, Any]:
    """Return the columns of counts by name, a row for each seed, agent, day and group."""
    days, groups = results.study.days, len(ACTIVITY_GROUPS)
    each, n = days * groups, len(results.seeds) * len(results.agents)
    columns: dict[str, Any] = {
        "seed": np.repeat(np.array(results.seeds), each * len(results.agents)),
        "agent": [agent for _ in results.seeds for agent in results.agents for _ in range(each)],
        "day": np.tile(np.repeat(np.arange(days), groups), n),
        "group": list(ACTIVITY_GROUPS) * (days * n),
    }
    counts = np.stack([results.counts[agent] for agent in results.agents], axis=1)
    return columns | {name: counts[..., index].ravel() for index, name in enumerate(COUNTS)}


def summary_columns(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the columns of the closing table by name, a row for each agent; an interval is three columns."""
    columns = dict[str, Any]()
    for field in fields(Row):
        values: list[Any] = [getattr(row, field.name) for row in rows]
        if values and isinstance(values[0], Interval):
            columns[field.name] = [value.value for value in values]
            columns[f"{field.name}_low"] = pa.array([value.low for value in values], pa.float64())
            columns[f"{field.name}_high"] = pa.array([value.high for value in values], pa.float64())
        else:
            columns[field.name] = values if field.name == "agent" else pa.array(values, pa.float64())
    return columns


def _write_csv(path: Path, columns: Mapping[str, Any]) -> None:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    listed = [column.to_pylist() if isinstance(column, pa.Array) else list(column) for column in columns.values()]
    table.writerows([_plain(value) for value in row] for row in zip(*listed, strict=True))
    write_whole(path, text.getvalue())


def _write_parquet(path: Path, columns: Mapping[str, Any]) -> None:
    with whole_file(path) as temporary:
        pq.write_table(pa.table(dict(columns)), temporary.absolute(), compression="zstd")


_WRITE = {"csv": _write_csv, "parquet": _write_parquet}


def _plain(value: Any) -> Any:
    """Return a value as a cell: nothing where there is no number."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return f"{value:.10g}" if isinstance(value, float) else value


def _words(source: Path, results: Results, to: Path) -> list[str]:
    """Return what was asked, how, and what each file and column is."""
    study, made = results.study, read_json(source / "study.json")[PROVENANCE]
    begun = datetime.fromtimestamp((source / "study.json").stat().st_mtime, UTC).date().isoformat()
    own = [agent for agent in study.agents if ":" in read_agent(agent).name]
    return [
        f"Study {study.name} in the world {study.world}: {len(results.agents)} agents over {study.days} days, "
        f"seeds {', '.join(map(str, results.seeds))}.",
        f"Agents: {', '.join(results.agents)}. Lifts are over {study.reference_agent()}.",
        *([f"Code that is not part of serendip, and not in here: {', '.join(own)}."] if own else []),
        f"The opening days are the first {results.first}, the closing days the last {results.last}.",
        "",
        f"Made by serendip {made['version']}; plan last written {begun}. Commands:",
        *(f"    {command}" for command in made["commands"]),
        "",
        "Files",
        *(f"    {name:15} {what}" for name, what in FILES.items() if name == "README.txt" or any(to.glob(name))),
        "",
        "Columns of summary: means over seeds, with the ends of a 95% interval as _low and _high",
        *(f"    {name}: {text}" for name, text in SUMMARY.items()),
        "",
        "Columns of daily: counts",
        *(f"    {name}: {text}" for name, text in COLUMNS.items()),
    ]
