"""What a log says of a target: the page of one evaluation, and its part in the page of a study."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from serendip.experiments.figures.values import Value, draw
from serendip.experiments.offline.report import title_of
from serendip.experiments.report.page import Cell, Grid, Page, Picture, Section, Tone
from serendip.experiments.report.svg import inline_svg
from serendip.experiments.running.provenance import checksum, command, version
from serendip.simulator.errors import DataError
from serendip.simulator.settings_json import read_json

FOLDER = "evaluations"
TONES: dict[str, Tone] = {"reliable": "good", "weak": "doubtful", "invalid": "bad"}
_READING = (
    "Each line is an estimator: its value and its 95% interval over users. The filled point is the one to go by. "
    "The dashed line is what the target is really worth when it is run, where the world can be run."
)
_MEANING = {
    "reliable": "The log has enough of what the target would show: the interval can be taken at its word for the "
    "states of users that the log was written in.",
    "weak": "The log has too little of what the target would show, or something in it is not as it should be: take the "
    "number as a hint, and the interval as too narrow or too wide. More days, or a "
    "logger that shows more of it by chance, would say more.",
    "invalid": "The log cannot say what the target is worth: take no number from it.",
}


def evaluations_in(out: Path) -> list[Section]:
    """Return what each file in the folder `evaluations` of `out` says, reliable ones first.

    Raises:
        DataError: a file there is no evaluation that `serendip evaluate --json` wrote.
    """
    found = [(file, evaluation_values(file)) for file in sorted((out / FOLDER).glob("*.json"))]
    order = list(TONES)
    found.sort(key=lambda pair: (order.index(pair[1]["verdict"]), pair[0].name))
    return [evaluation_section(values, f"What the log says of {values['target']}", file.stem) for file, values in found]


def evaluation_values(file: Path) -> dict[str, Any]:
    """Return the JSON values of an evaluation, checked as far as a page needs them.

    Raises:
        DataError: the file holds none.
    """
    return checked(read_json(file), str(file))


def checked(values: Any, where: str) -> dict[str, Any]:
    """Return `values` if they are those of an evaluation.

    Args:
        values: from JSON.
        where: they stand, for the message.

    Raises:
        DataError: they are not.
    """
    try:
        usable = values["verdict"] in TONES and isinstance(values["target"], str) and isinstance(values["log"], str)
        for one in values["estimates"].values():
            usable = usable and all(one[name] is None or math.isfinite(one[name]) for name in ("value", "low", "high"))
        lists = (values["reasons"], values.get("notes") or [])
        usable = usable and all(isinstance(text, str) for texts in lists for text in texts)
        usable = usable and (values.get("truth") is None or math.isfinite(values["truth"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise DataError(f"{where}: not what `serendip evaluate --json` writes; make it again") from error
    if not usable:
        raise DataError(f"{where}: not what `serendip evaluate --json` writes; make it again")
    return values


def evaluation_page(values: dict[str, Any], made_by: list[tuple[str, str]]) -> Page:
    """Return the page of one evaluation.

    Args:
        values: of `Evaluation.to_json()`.
        made_by: version, command and checksums.
    """
    verdict = values["verdict"]
    return Page(
        title=f"What {values['target']} is worth",
        question=f"What would {values['target']} be worth? Asked of the log {values['log']}, without running it.",
        answer=f"{_value(values)} {' '.join(values['reasons'])}",
        word=verdict,
        tone=TONES[verdict],
        sections=[
            evaluation_section(values, "The estimates", "estimates"),
            *([_difference(values["difference"])] if values.get("difference") else []),
            Section("What the numbers mean", points=values.get("notes") or [], text=[values.get("because") or ""]),
            _diagnostics(values.get("diagnostics") or {}),
        ],
        made_by=made_by,
    )


def made_by(log: Path) -> list[tuple[str, str]]:
    """Return the version, the command that is being obeyed, and the checksum of what names the log."""
    known = log / "meta.json" if log.is_dir() else log
    sums = [(f"SHA-256 of {known.name}", checksum(known))] if known.is_file() else []
    return [("version", version()), ("command", command()), *sums]


def evaluation_section(values: Mapping[str, Any], title: str, name: str) -> Section:
    """Return the verdict, what it means and why, the estimates as a figure and as a table.

    Args:
        values: of `Evaluation.to_json()`, checked.
        title: of the section.
        name: that ids within its figure begin with.
    """
    known = {key: one for key, one in values["estimates"].items() if one["value"] is not None}
    verdict, truth = values["verdict"], values.get("truth")
    text = [
        f"{_value(values)} Asked of the log {values['log']}.",
        _MEANING[verdict],
        " ".join(values["reasons"]),
        *_beside(values),
    ]
    if not known:
        return Section(title, text, word=verdict, tone=TONES[verdict])
    drawn = [
        Value(title_of(key), one["value"], one["low"], one["high"], key == values.get("recommended"))
        for key, one in known.items()
    ]
    words = "; ".join(f"{one.title} {_number(one.value)} [{_number(one.low)}, {_number(one.high)}]" for one in drawn)
    words += "." if truth is None else f"; the truth is {_number(truth)}."
    subtitle = f"{values['target']}; verdict: {verdict}; lines: 95% intervals over users"
    svg = inline_svg(
        partial(draw, drawn, truth, subtitle, _axis(values)), f"values-{_plain(name)}", "Estimates with intervals"
    )
    rows = [
        [Cell(one.title, strong=one.recommended), *(Cell(_number(x), x) for x in (one.value, one.low, one.high))]
        for one in drawn
    ]
    grid = Grid("Estimates with 95% intervals; in bold the one to go by.", ["estimator", "value", "low", "high"], rows)
    return Section(
        title, text, pictures=[Picture(svg, words, _READING)], grids=[grid], word=verdict, tone=TONES[verdict]
    )


def _value(values: Mapping[str, Any]) -> str:
    """Return what the target is worth, in a sentence."""
    best = values["estimates"].get(values.get("recommended") or "")
    if best is None or best["value"] is None:
        return f"No value of {values['target']} is recommended."
    ends = f"95% interval {_number(best['low'])} to {_number(best['high'])}"
    by = title_of(values["recommended"])
    return f"{values['target']} is worth {_number(best['value'])} ({_axis(values)}), {ends}, by {by}."


def _beside(values: Mapping[str, Any]) -> list[str]:
    """Return what is said of the truth, where it is known."""
    truth, best = values.get("truth"), values["estimates"].get(values.get("recommended") or "")
    if truth is None or best is None or best["low"] is None or best["high"] is None:
        return [] if truth is None else [f"Run in the log's own world it is worth {_number(truth)}."]
    inside = best["low"] <= truth <= best["high"]
    where = (
        "inside the interval" if inside else "outside the interval: the users that it meets are not those of the log"
    )
    return [f"Run in the log's own world, from its first day, it is worth {_number(truth)}, {where}."]


def _axis(values: Mapping[str, Any]) -> str:
    """Return what the values are, as an axis says it."""
    long_run = any(name in values["estimates"] for name in ("twin", "fitted_q", "surrogate_index"))
    return "days with a visit per user" if long_run else "mean reward per slot"


def _difference(found: Mapping[str, Any]) -> Section:
    """Return the difference to another target."""
    ends = f"[{_number(found.get('low'))}, {_number(found.get('high'))}]"
    said = f"Less {found.get('against')}: {_number(found.get('value'))} {ends} a slot, paired over users."
    return Section("Beside the other target", [said + ("" if found.get("clear") else " That may be none.")])


def _diagnostics(found: Mapping[str, Any]) -> Section:
    """Return the diagnostics as a table that is closed at first."""
    rows = [[Cell(name.replace("_", " ")), Cell(_number(value), value)] for name, value in found.items()]
    return Section("Diagnostics", grids=[Grid("Numbers behind the verdict.", ["name", "value"], rows)], folded=True)


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}" if abs(value) < 1e5 else f"{value:,.0f}"


def _plain(name: str) -> str:
    """Return `name` as part of an id: letters, digits and hyphens."""
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in name)
