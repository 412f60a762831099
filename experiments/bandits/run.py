"""`serendip bandits`: play what is left of the suite, then tell and show what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from serendip.experiments.bandits.report import markdown, rows, to_json, verdicts
from serendip.experiments.bandits.suite import Plan, Unit, run_suite
from serendip.experiments.running.screen import print_markdown
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import write_json


def run(
    plan: Plan, wanted: list[Unit], out: Path, console: Console, jobs: int = 0, backend: str = "loky"
) -> dict[str, Any]:
    """Play what is left of `wanted` in `out`, report it there, and return the table as plain values.

    Args:
        plan: what is played, and how long.
        wanted: the units of the plan that are asked for.
        out: folder of the results.
        console: where people read.
        jobs: processes side by side; 0 for as many as are sensible here.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.
    """
    from serendip.experiments.figures.bandits import draw_all

    run_suite(plan, wanted, out, console, jobs, backend)
    found = rows(wanted, out)
    values = {
        "seed": plan.seed,
        "runs": plan.runs,
        "horizon": plan.horizon,
        "what": "regret in percent of uniform's, mean and standard error over runs",
        "rows": to_json(found),
    }
    write_json(out / "table.json", values)
    said = verdicts(found)
    write_whole(out / "table.md", markdown(found) + "\n" + "\n".join(f"- {line}" for line in said) + "\n")
    console.print(f"regret in percent of uniform's, mean ± standard error over the runs, seed {plan.seed}")
    print_markdown(console, markdown(found))
    for line in said:
        console.print(line)
    figures = draw_all(found, out / "figures")
    console.print(f"results in {out}: table.md, table.json, {', '.join(f'figures/{f.name}' for f in figures)}")
    return values
