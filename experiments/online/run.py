"""`serendip run` and `serendip plot`: run a study, then tell and show what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from serendip.experiments.figures import draw_all
from serendip.experiments.online.costs import read_costs, sentence
from serendip.experiments.online.results import read_results
from serendip.experiments.online.study import Study, run_study
from serendip.experiments.online.summary import summarise, to_json, to_markdown, to_rich
from serendip.experiments.online.verdicts import verdicts
from serendip.experiments.report.sending import write_to_send
from serendip.experiments.report.study import report_study
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import write_json


def run(study: Study, out: Path, console: Console, *, batch_size: int = 0, jobs: int = 0) -> dict[str, Any]:
    """Run what is left of `study` in `out`, report it there, and return the table as plain values.

    Args:
        study: agents, seeds and days.
        out: folder of the results.
        console: where people read.
        batch_size: users at a time, which changes nothing but the speed; 0 for all at once.
        jobs: processes side by side; 0 for as many as are sensible here.
    """
    whole = run_study(study, out, console, batch_size=batch_size, jobs=jobs)
    if set(study.agents) != set(whole.agents) or study.seeds != whole.seeds:
        console.print(
            f"{out} also holds other agents or seeds; reported are those that were named (`serendip plot` shows all)"
        )
    return report(out, console, study)


def report(
    out: Path, console: Console, asked: Study | None = None, formats: Sequence[str] = ("png",)
) -> dict[str, Any]:
    """Print the table of the study in `out`; write it, the figures and the page beside the results; return it.

    Args:
        out: a folder that `run_study` wrote.
        console: where the table is printed.
        asked: whose agents and seeds are reported; all that the folder holds when left out.
        formats: of the figures: png, svg, pdf.

    Raises:
        DataError: the folder holds no study, or something in it is damaged.
    """
    results = read_results(out, asked)
    rows = summarise(results)
    values = to_json(results, rows)
    write_json(out / "summary.json", values)
    write_whole(out / "summary.md", to_markdown(results, rows))
    console.print(to_rich(results, rows, console.width))
    for line in verdicts(results, rows):
        console.print(line)
    if costs := read_costs(out, results):
        write_json(out / "costs.json", [asdict(cost) for cost in costs])
        console.print(sentence(costs))
    figures = draw_all(results, out / "figures", formats)
    files = [*write_to_send(out, results, rows), "summary.md", "summary.json", *(f"figures/{f.name}" for f in figures)]
    console.print(f"results in {out}: {', '.join(files)}")
    console.print(f"to open in a browser: {report_study(out, results)}", soft_wrap=True)
    return values
