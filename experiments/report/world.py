"""How good the world of a study is: what was fitted to data, how well, and what is assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serendip.experiments.online.study import STUDY
from serendip.experiments.report.page import Section, Tone
from serendip.experiments.running.folder import PROVENANCE, read_plan
from serendip.experiments.running.worlds import world_checksum
from serendip.simulator.errors import DataError
from serendip.simulator.settings_json import read_json

FIT = "fit.json"
_TITLE = "How good the world is"
_TONES: dict[str, Tone] = {"fits": "good", "fits in part": "doubtful", "does not fit": "bad", "nothing to fit": "bad"}


def world_section(out: Path) -> Section:
    """Return what the world of the study in the folder `out` rests on.

    Raises:
        DataError: the world or its fit cannot be read.
    """
    world = read_json(out / "world" / "world.json")
    about = str(world.get("summary") or world.get("name", ""))
    fit = _fit(out)
    if fit is not None:
        return fit_section(fit, _TITLE)
    if world.get("fitted"):
        text = [about, "It was fitted to data; the report of the fit is no longer beside it."]
        return Section(_TITLE, text, word="fit unknown", tone="doubtful")
    return Section(
        _TITLE,
        [
            about,
            "Nothing in this world was fitted to data: tastes, dynamics and choices are assumed. What is found here "
            "holds for users who are as the world has them; the worlds null and frozen say what is left where "
            "discovery, or all that is shown, moves nobody.",
        ],
        word="assumed",
        tone="doubtful",
    )


def fit_section(fit: dict[str, Any], title: str) -> Section:
    """Return what a fit (`fit.json`) found: fitted, assumed, not identified, checks that failed.

    Raises:
        DataError: it is not the record of a fit.
    """
    try:
        verdict: dict[str, Any] = fit.get("verdict") or {}
        word = str(verdict.get("word", "fitted to a log"))
        named = (
            ("Fitted to the data", "fitted"),
            ("Assumed, as the data do not say it", "assumed"),
            ("Asked of the data, which could not say it", "unidentified"),
            ("Checks that the world failed", "failed"),
            ("Checks that could not be asked", "unasked"),
        )
        points = [f"{about}: {'; '.join(map(str, verdict[name]))}." for about, name in named if verdict.get(name)]
        notes = [str(note) for note in fit.get("notes", [])]
    except (AttributeError, TypeError) as error:
        raise DataError(f"{FIT}: not the record of a fit; calibrate the world again") from error
    return Section(title, points=points + notes, word=word, tone=_TONES.get(word, "doubtful"))


def _fit(out: Path) -> dict[str, Any] | None:
    """Return the record of the fit of the study's world: kept with the results, or in the folder it came from."""
    if (out / "world" / FIT).is_file():
        return read_json(out / "world" / FIT)
    plan = read_plan(out / STUDY, "run")
    source = str(plan["world"])
    if not (Path(source) / FIT).is_file() or world_checksum(source) != plan[PROVENANCE]["inputs"].get("world"):
        return None
    return read_json(Path(source) / FIT)
