"""The gauntlet run: what is missing is made, in pieces that are kept, and all is scored."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from serendip.experiments.ope_study.gauntlet import SITUATIONS
from serendip.experiments.ope_study.gauntlet.situation import Situation
from serendip.experiments.ope_study.gauntlet.trial import Trial, trial
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece
from serendip.experiments.running.pool import Tell
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings_json import read_json, write_json

_MOST = 100_000  # logs of a situation
_PIECE = 10  # logs that are kept together


def run(
    out: Path,
    names: Sequence[str],
    n_logs: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, list[Trial]]:
    """Return the trials of each situation, running those that OUT does not have yet.

    Pieces of ten logs are files, each with a manifest: after a kill the same command goes on, and more logs or
    situations are added to those there.

    Args:
        out: the folder of the pieces.
        names: of the situations; all when empty.
        n_logs: logs of each.
        seed: of all logs.
        progress: called with the logs done and the logs there are.

    Raises:
        SettingsError: an unknown situation, no logs, or OUT holds something else or logs of another seed.
    """
    cards = [SITUATIONS.card(name) for name in dict.fromkeys(names or SITUATIONS.names())]
    if not 1 <= n_logs <= _MOST:
        raise SettingsError(f"logs is {n_logs:,}; allowed is 1 to {_MOST:,}")
    with claimed(out, Claim("gauntlet.json", "ope-study --gauntlet", {"seed": seed})):
        found, done = dict[str, list[Trial]](), 0
        for card in cards:
            trials = list[Trial]()
            for start in range(0, n_logs, _PIECE):
                trials += _trials(out, card, seed, range(start, min(start + _PIECE, n_logs)))
                if progress:
                    progress(done + len(trials), len(cards) * n_logs)
            found[card.name] = trials
            done += len(trials)
    return found


def piece(out: Path, card: Situation, seed: int, numbers: range) -> Piece:
    """Return the piece that holds the trials of those numbers.

    Args:
        out: folder of the results.
        card: the situation.
        seed: number that all draws follow from.
        numbers: numbers of the trials.
    """
    decides = {"situation": card.name, "seed": seed, "first": numbers.start, "logs": len(numbers)}
    part = "" if len(numbers) == _PIECE else f"-{len(numbers)}"
    path = out / "pieces" / card.name / f"{numbers.start:05d}{part}.json"
    return Piece(path, card.name, len(numbers), decides, partial(_make, card, seed, numbers))


def _make(card: Situation, seed: int, numbers: range, path: Path, tell: Tell) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = [dataclasses.asdict(trial(card, seed, number, Path(folder))) for number in numbers]
    write_json(path, made)
    tell(len(numbers))


def _trials(out: Path, card: Situation, seed: int, numbers: range) -> list[Trial]:
    """Return the trials of those numbers: the first of a whole piece where it is there, else a piece of their own."""
    one = piece(out, card, seed, range(numbers.start, numbers.start + _PIECE))
    if not one.finished():
        one = piece(out, card, seed, numbers)
    if not one.finished():
        one.sweep()
        one.finish()
    return [_from_json(values) for values in read_json(one.path)[: len(numbers)]]


def _from_json(values: dict[str, Any]) -> Trial:
    ends = {name: tuple(made) for name, made in values["estimates"].items()}
    fields: dict[str, Any] = {**values, "estimates": ends}
    return Trial(**fields)
