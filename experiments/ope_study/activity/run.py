"""The activity study run: the logs that are missing are made, each a piece that is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from serendip.experiments.online.agents import parse_agent, read_agent
from serendip.experiments.ope_study.activity.scores import Case, cases_of
from serendip.experiments.ope_study.activity.table import in_words, markdown, write_all
from serendip.experiments.ope_study.activity.trial import LEARNED, LOGGERS, SHOWN, TARGETS, Place, Told, trial
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece, run_pieces
from serendip.experiments.running.pool import Tell
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import read_world
from serendip.simulator.settings_json import read_json, write_json


def plan(
    n_seeds: int,
    seed: int,
    worlds: Sequence[str] = (),
    loggers: Sequence[str] = (),
    targets: Sequence[str] = (),
) -> list[Place]:
    """Return the logs of the study, `n_seeds` of each world and logger.

    Args:
        n_seeds: seeds of each.
        seed: the first of them.
        worlds: names of preset worlds; the study's own when empty.
        loggers: agents that write the logs; the study's own when empty.
        targets: agents that are valued from them; the study's own when empty.

    Raises:
        SettingsError: no seed, or an agent or a world is not known.
    """
    if n_seeds < 1:
        raise SettingsError(f"logs is {n_seeds}; allowed is 1 or more, for each world and logger")
    for agent in (*loggers, *targets):
        parse_agent(agent)
    for world in worlds:
        read_world(world)
    named, seeds = worlds or (*LEARNED, *SHOWN), range(seed, seed + n_seeds)
    valued = tuple(dict.fromkeys(targets)) or TARGETS
    return [
        Place(world, logger, number, targets=valued)
        for number in seeds
        for logger in loggers or LOGGERS
        for world in named
    ]


def run(out: Path, places: Sequence[Place], console: Console, jobs: int = 0) -> list[Case]:
    """Return what was said of each target and horizon of each log, running the logs that `out` does not have yet.

    What is kept is what a verdict is made from, not the verdict: it is made anew each time.

    Args:
        out: folder of the pieces, made where it is missing.
        places: the logs.
        console: where progress is told.
        jobs: logs worked on side by side; 0: one for each core.

    Raises:
        SettingsError: `out` holds something else, or another run is at work there.
    """
    pieces = [_piece(out, place) for place in places]
    with claimed(out, Claim("activity.json", "ope-study --activity", {})):
        run_pieces(pieces, jobs, console, "logs")
        found = [read_json(piece.path) for piece in pieces]
    each = ([Told.from_json(values) for values in log] for log in found)
    return cases_of(zip(places, each, strict=True))


def scored(cases: Sequence[Case], out: Path) -> tuple[dict[str, Any], str]:
    """Return all scores as plain JSON values, and the tables in Markdown with a sentence on each half of the worlds.

    They are written into the folder `out` too, beside a row for each target and horizon.
    """
    return write_all(cases, out), f"{markdown(cases)}\n{in_words(cases)}"


def _piece(out: Path, place: Place) -> Piece:
    settings: dict[str, Any] = dataclasses.asdict(place)
    settings |= {"horizons": [list(each) for each in place.horizons], "targets": list(place.targets)}
    file = f"{Path(place.world).stem}-{read_agent(place.logger).folder}-{place.seed:04d}.json"
    return Piece(out / "logs" / file, place.name, 1, settings, partial(_make, place))


def _make(place: Place, at: Path, tell: Tell) -> None:
    write_json(at, [told.to_json() for told in trial(place)])
    tell(1)
