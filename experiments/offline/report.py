"""An evaluation as a person reads it, and as a program does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from serendip.experiments.offline import estimators
from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.intervals.distribution import Distribution
from serendip.simulator.settings_json import write_json

_LONG_RUN = {
    "twin": "twin",
    "twin_lift": "twin, lift over the log",
    "twin_difference": "twin, difference",
    "fitted_q": "fitted Q",
    "lift": "fitted Q, lift over the log",
    "difference": "fitted Q, difference",
    "surrogate_index": "surrogate index",
    "mis": "marginalised IS",
    "drl": "double RL",
    "per_decision_is": "per-decision IS",
    "trajectory_is": "trajectory IS",
    "one_step": "one-step IS",
}


def title_of(estimator: str) -> str:
    """Return what people call an estimator, and the name that is typed: `DR, optimistic shrinkage (dr_os)`."""
    return f"{_LONG_RUN[estimator]} ({estimator})" if estimator in _LONG_RUN else estimators.title_of(estimator)


def report(evaluation: Evaluation, json_file: Path | None = None, console: Console | None = None) -> None:
    """Print the evaluation, and write it to `json_file` as JSON; with `-` write that to stdout and print nothing."""
    values = evaluation.to_json()
    if json_file is not None and str(json_file) == "-":
        sys.stdout.write(json.dumps(values, indent=2, allow_nan=False) + "\n")
        return
    show(evaluation, console or Console())
    if json_file is not None:
        write_json(json_file, values)


def show(evaluation: Evaluation, console: Console) -> None:
    """Print a table of the estimates, the diagnostics, the verdict and what it all means."""
    table = Table(title=f"{evaluation.target}, from {evaluation.log}", title_justify="left")
    table.add_column("estimator")
    for title in ("value", "95% low", "95% high"):
        table.add_column(title, justify="right")
    for name, e in evaluation.estimates.items():
        if e.value is None:
            continue  # the notes say why
        table.add_row(title_of(name), *(_number(value) for value in (e.value, e.low, e.high)))
    if evaluation.truth is not None:
        table.add_section()
        table.add_row("truth (run in the log's world)", _number(evaluation.truth), "", "")
    console.print(table)
    if evaluation.because:
        console.print(evaluation.because, highlight=False)
    if evaluation.distribution is not None:
        _distribution(evaluation.distribution, console)
    if evaluation.truth_visits is not None:
        console.print(f"visits per user and day when it is run: {evaluation.truth_visits:.4g}")
    shown = (
        f"{name.replace('_', ' ')} {_number(value)}"
        for name, value in evaluation.diagnostics.items()
        if name != "mean_slate_weight" or value is not None
    )
    console.print("; ".join(shown), highlight=False)
    colour = {"reliable": "green", "weak": "yellow", "invalid": "red"}[evaluation.verdict]
    verdict = Text(evaluation.verdict, f"bold {colour}")
    console.print(Text.assemble(verdict, f": {' '.join(evaluation.reasons)}"), highlight=False)
    for note in evaluation.notes:
        console.print(note, style="dim", highlight=False)


def _distribution(found: Distribution, console: Console) -> None:
    table = Table(title="how rewards are distributed", title_justify="left")
    for title in ("", "value", "95% low", "95% high"):
        table.add_column(title, justify="right" if title else "left")
    for share, triple in found.quantiles.items():
        table.add_row(f"quantile {share}", *(_number(value) for value in triple))
    for share, triple in found.cvar.items():
        table.add_row(f"mean of the worst {share}", *(_number(value) for value in triple))
    console.print(table)


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}" if abs(value) < 1e5 else f"{value:,.0f}"
