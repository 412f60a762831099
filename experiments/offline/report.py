"""An evaluation as a person reads it, and as a program does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from serendip.experiments.offline import estimators
from serendip.experiments.offline.breakdown import ESTIMATOR
from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.intervals.distribution import Distribution
from serendip.experiments.offline.words import IN_STATES
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


_MARKS = {" †": "† the model alone", " *": "* bent weights"}
_LEFT_OUT = ": the interval leaves that bias out"


def title_of(estimator: str) -> str:
    """Return what people call an estimator, and the name that is typed: `DR, optimistic shrinkage (dr_os)`."""
    return f"{_LONG_RUN[estimator]} ({estimator})" if estimator in _LONG_RUN else estimators.title_of(estimator)


def report(
    evaluation: Evaluation, json_file: Path | None = None, console: Console | None = None, details: bool = False
) -> None:
    """Print the evaluation, and write it to `json_file` as JSON; with `-` write that to stdout and print nothing.

    Args:
        evaluation: what was found.
        json_file: where all of it is written, or None.
        console: where it is printed; a new one when None.
        details: whether diagnostics and notes are printed too.
    """
    values = evaluation.to_json()
    if json_file is not None and str(json_file) == "-":
        sys.stdout.write(json.dumps(values, indent=2, allow_nan=False) + "\n")
        return
    show(evaluation, console or Console(), details)
    if json_file is not None:
        write_json(json_file, values)


def show(evaluation: Evaluation, console: Console, details: bool = False) -> None:
    """Print the verdict and the recommended value in one sentence, then the estimates; the rest as `details`."""
    colour = {"reliable": "green", "weak": "yellow", "invalid": "red"}[evaluation.verdict]
    sentence = f"[bold {colour}]{evaluation.verdict}[/]: {_headline(evaluation)}"
    console.print(sentence, highlight=False, markup=True)
    console.print(" ".join(evaluation.reasons), highlight=False, markup=False)
    if evaluation.difference is not None:
        console.print(_compared(evaluation), highlight=False, markup=False)
    console.print(_table(evaluation))
    if evaluation.parts:
        console.print(_parts(evaluation))
    if evaluation.distribution is not None:
        _distribution(evaluation.distribution, console)
    if evaluation.truth_visits is not None:
        console.print(f"visits per user and day when it is run: {evaluation.truth_visits:.4g}")
    if not details:
        kind = "Days with a visit per user" if _is_long_run(evaluation) else "One-step values"
        console.print(f"{kind}; what they mean, and all diagnostics: --details, or --json.", style="dim")
        return
    if evaluation.because:
        console.print(evaluation.because, highlight=False, markup=False)
    shown = (
        f"{name.replace('_', ' ')} {_number(value)}"
        for name, value in evaluation.diagnostics.items()
        if name != "mean_slate_weight" or value is not None
    )
    console.print("; ".join(shown), highlight=False, markup=False)
    for note in evaluation.notes:
        console.print(note, style="dim", highlight=False, markup=False)


def _headline(evaluation: Evaluation) -> str:
    """Return what the target is worth, in a sentence."""
    e = None if evaluation.recommended is None else evaluation.estimates[evaluation.recommended]
    if e is None or evaluation.recommended is None:
        return f"no value of {escape(evaluation.target)} is recommended."
    ends, by = f"{_number(e.value)} [{_number(e.low)}, {_number(e.high)}]", title_of(evaluation.recommended)
    if not _is_long_run(evaluation):
        return f"{escape(evaluation.target)} is worth {escape(ends)} a slot, {IN_STATES}, by {by}."
    horizon, last = (evaluation.diagnostics.get(name) or 0.0 for name in ("horizon", "days_counted"))
    when = f"{horizon:.0f} days" if horizon == last else f"the last {last:.0f} of {horizon:.0f} days"
    return f"{escape(evaluation.target)} is worth {escape(ends)} days with a visit per user in {when}, by {by}."


def _is_long_run(evaluation: Evaluation) -> bool:
    return any(name in _LONG_RUN for name in evaluation.estimates)


def _compared(evaluation: Evaluation) -> str:
    d = evaluation.difference
    assert d is not None
    clear = "" if d.clear else ", which may be none"
    return f"Less {d.against}: {d.value:+.4g} [{d.low:+.4g}, {d.high:+.4g}] a slot, paired over users{clear}."


def _table(evaluation: Evaluation) -> Table:
    """Return a table of the estimates; those that cannot be made are left out, and the notes say why."""
    title = escape(f"{evaluation.target}, from {evaluation.log}")
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("estimator")
    for title in ("value", "95% low", "95% high"):
        table.add_column(title, justify="right")
    for name, e in evaluation.estimates.items():
        if e.value is not None:
            table.add_row(title_of(name) + _mark(name), *(_number(value) for value in (e.value, e.low, e.high)))
    marks = {_mark(name) for name, e in evaluation.estimates.items() if e.value is not None}
    said = ", ".join(text for mark, text in _MARKS.items() if mark in marks)
    table.caption = said + _LEFT_OUT if said else None
    if evaluation.truth is not None:
        table.add_section()
        table.add_row("truth (its own run in the log's world)", _number(evaluation.truth), "", "")
    return table


def _mark(estimator: str) -> str:
    """Return the mark of an estimator whose interval leaves something out; nothing for the others."""
    if not estimators.ESTIMATORS.known(estimator):
        return ""
    card = estimators.ESTIMATORS.card(estimator)
    return " †" if card.leans_on == "model" else " *" if card.bent else ""


def _parts(evaluation: Evaluation) -> Table:
    """Return a table of the values of parts of the log."""
    table = Table(title=f"parts of the log, by {title_of(ESTIMATOR)}", title_justify="left")
    for title in ("", "value", "95% low", "95% high"):
        table.add_column(title, justify="right" if title else "left")
    for name, e in evaluation.parts.items():
        table.add_row(escape(name), *(_number(value) for value in (e.value, e.low, e.high)))
    return table


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
