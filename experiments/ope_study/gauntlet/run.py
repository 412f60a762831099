"""The gauntlet run: what is missing is made, in pieces that are kept, and all is scored."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from serendip.experiments.ope_study.gauntlet import SITUATIONS
from serendip.experiments.ope_study.gauntlet.situation import Situation
from serendip.experiments.ope_study.gauntlet.trial import Trial, trial
from serendip.experiments.running.lock import alone_in
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings_json import read_json, write_json

_PIECE = 10  # logs that are kept together
_ABOUT = "gauntlet.json"


def run(
    out: Path,
    names: Sequence[str],
    n_logs: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, list[Trial]]:
    """Return the trials of each situation, running those that OUT does not have yet.

    Pieces of ten logs are files, written whole: after a kill the same command goes on, and more logs or situations are
    added to those there.

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
    if n_logs < 1:
        raise SettingsError(f"logs is {n_logs}; allowed is 1 or more")
    with alone_in(out):
        _claim(out, seed)
        found, done = dict[str, list[Trial]](), 0
        for card in cards:
            trials = list[Trial]()
            for start in range(0, n_logs, _PIECE):
                trials += piece(out, card, seed, range(start, min(start + _PIECE, n_logs)))
                if progress:
                    progress(done + len(trials), len(cards) * n_logs)
            found[card.name] = trials
            done += len(trials)
    return found


def piece(out: Path, card: Situation, seed: int, numbers: range) -> list[Trial]:
    """Return the trials of those numbers, from their file as far as it goes.

    Args:
        out: folder of the results.
        card: the situation.
        seed: number that all draws follow from.
        numbers: numbers of the trials.
    """
    file = out / "pieces" / card.name / f"{numbers.start:05d}.json"
    trials = [_from_json(values) for values in read_json(file)] if file.exists() else []
    if len(trials) < len(numbers):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            trials += [trial(card, seed, number, Path(folder)) for number in numbers[len(trials) :]]
        write_json(file, [dataclasses.asdict(one) for one in trials])
    return trials[: len(numbers)]


def _claim(out: Path, seed: int) -> None:
    """Take the folder, or see that it is of this seed."""
    about = out / _ABOUT
    if not about.exists():
        if any(path.name != ".lock" for path in out.iterdir()):
            raise SettingsError(f"{out}: not empty, and not a gauntlet; give another --out")
        write_json(about, {"seed": seed})
    there = read_json(about).get("seed")
    if there != seed:
        raise SettingsError(f"{out}: its logs are of seed {there}, not {seed}; give that seed, or another --out")


def _from_json(values: dict[str, Any]) -> Trial:
    ends = {name: tuple(made) for name, made in values["estimates"].items()}
    fields: dict[str, Any] = {**values, "estimates": ends}
    return Trial(**fields)
