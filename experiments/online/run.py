"""What is told of a study, and written beside its results."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from serendip.experiments.figures import draw_all
from serendip.experiments.figures.style import DPI, FORMATS
from serendip.experiments.online.costs import read_costs, sentence
from serendip.experiments.online.results import Results, read_results
from serendip.experiments.online.study import Study, read_study, run_study
from serendip.experiments.online.summary import Row, summarise, to_json, to_markdown, to_rich
from serendip.experiments.online.verdicts import verdicts
from serendip.experiments.report.sending import TABLES, write_to_send
from serendip.experiments.report.study import report_study
from serendip.simulator.errors import SettingsError
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import write_json

_LEAST_DPI, _MOST_DPI = 20, 2400


@dataclass(frozen=True, slots=True)
class Forms:
    """What figures and tables are written as.

    Attributes:
        figures: formats of each figure: png, svg, pdf.
        dpi: dots per inch of a PNG.
        tables: formats of each table: csv, parquet.

    Raises:
        SettingsError: there is no such format, or the dots are too few or too many.
    """

    figures: tuple[str, ...] = ("png",)
    dpi: int = DPI
    tables: tuple[str, ...] = ("csv",)

    def __post_init__(self) -> None:
        for name, given, known in (("format", self.figures, FORMATS), ("tables", self.tables, TABLES)):
            if wrong := [kind for kind in given if kind not in known]:
                raise SettingsError(f"{name} is {wrong[0]!r}; allowed is {', '.join(known)}")
        if not _LEAST_DPI <= self.dpi <= _MOST_DPI:
            raise SettingsError(f"dpi is {self.dpi}; allowed is {_LEAST_DPI} to {_MOST_DPI}")


USUAL = Forms()


def run(
    study: Study, out: Path, console: Console, *, batch_size: int = 0, jobs: int = 0, backend: str = "loky"
) -> dict[str, Any]:
    """Run what is left of `study` in `out`, report it there, and return the table as plain values.

    Args:
        study: agents, seeds and days.
        out: folder of the results.
        console: where people read.
        batch_size: users at a time, which changes nothing but the speed; 0 for all at once.
        jobs: processes side by side; 0 for as many as are sensible here.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.
    """
    run_study(study, out, console, batch_size=batch_size, jobs=jobs, backend=backend)
    return report(out, console, study)


def report(out: Path, console: Console, asked: Study | None = None, forms: Forms = USUAL) -> dict[str, Any]:
    """Print the table of the study in `out`; write it, the figures and the page beside the results; return it.

    Args:
        out: a folder that `run_study` wrote.
        console: where the table is printed.
        asked: whose agents and seeds are reported; all that the folder holds when left out.
        forms: of figures and tables.

    Raises:
        DataError: the folder holds no study, or something in it is damaged.
    """
    results = read_results(out, asked)
    files = write(out, results, forms)
    tell(out, results, files, console)
    return to_json(results, summarise(results))


def write(source: Path, results: Results, forms: Forms = USUAL, to: Path | None = None) -> list[str]:
    """Write the tables, the figures, the page and the words on all of them; return the names of the files.

    Args:
        source: the folder of the results.
        results: what of it is told.
        forms: of figures and tables.
        to: folder that they are written to; that of the results when left out.
    """
    to, rows = to or source, summarise(results)
    write_json(to / "summary.json", to_json(results, rows))
    write_whole(to / "summary.md", to_markdown(results, rows))
    if costs := read_costs(source, results):
        write_json(to / "costs.json", [asdict(cost) for cost in costs])
    figures = draw_all(results, to / "figures", forms.figures, forms.dpi)
    page = report_study(source, results, to / "report.html")
    sent = write_to_send(source, results, rows, to, forms.tables)
    return [*sent, "summary.md", "summary.json", *(f"figures/{figure.name}" for figure in figures), page.name]


def tell(out: Path, results: Results, files: list[str], console: Console) -> None:
    """Print the table of a study, what it says, and where its files are.

    Args:
        out: the folder of the results.
        results: what of it is told.
        files: what was written there.
        console: where people read.
    """
    rows: list[Row] = summarise(results)
    study, whole = results.study, read_study(out)
    if set(study.agents) != set(whole.agents) or study.seeds != whole.seeds:
        console.print(
            f"{out} also holds other agents or seeds; reported are those that were named (`serendip plot` shows all)"
        )
    console.print(to_rich(results, rows, console.width))
    for line in verdicts(results, rows):
        console.print(line)
    if costs := read_costs(out, results):
        console.print(sentence(costs))
    console.print(f"results in {out}: {', '.join(name for name in files if '/' not in name)}, figures/")
    console.print(f"to open in a browser: {out / 'report.html'}", soft_wrap=True)
    for line in _next(out, results):
        console.print(line, soft_wrap=True)


def _next(out: Path, results: Results) -> list[str]:
    """Return what may be looked at next."""
    logs = [path for path in sorted(out.glob("seeds/*/*/log")) if (path / "meta.json").exists()]
    last = [f"next: serendip evaluate {logs[0]} --target {results.study.reference_agent()}"] if logs else []
    return [*last, f"next: serendip export {out} --out {out.name}.zip   # all of it but logs, to send"]
