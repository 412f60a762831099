"""Runs both questions over seeds, one finished seed at a time, and writes tables and a figure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from serendip.experiments.beliefs.kinds import N_KINDS, autoencoders, others
from serendip.experiments.beliefs.never_shown import never_shown, worth
from serendip.experiments.beliefs.site import lived_in
from serendip.experiments.beliefs.trial import hold, judge, probabilities
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece, run_pieces
from serendip.experiments.running.pool import Tell
from serendip.experiments.running.worlds import world_checksum
from serendip.experiments.tables import markdown
from serendip.simulator.errors import SettingsError
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import read_json, write_json

_MOST = 10_000  # seeds, days, epochs or draws


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes:
        world: a world by name, or its folder.
        days: how long the site lived before its beliefs are asked.
        held_back: share of the items that were never shown.
        epochs: passes over the data in each autoencoder's training.
        draws: hypotheses drawn for probabilities, where they cannot be counted.
    """

    world: str = "default"
    days: int = 20
    held_back: float = 0.2
    epochs: int = 50
    draws: int = 128

    def __post_init__(self) -> None:
        numbers = (self.days, self.epochs, self.draws)
        if not 0.0 < self.held_back < 1.0 or min(numbers) < 1 or max(numbers) > _MOST:
            raise SettingsError(
                f"held_back is {self.held_back}, days {self.days}, epochs {self.epochs} and draws {self.draws}; "
                f"allowed is a share between 0 and 1, and 1 to {_MOST:,} of each of the others"
            )


def run(plan: Plan, seeds: int, out: Path, console: Console, jobs: int = 0, backend: str = "loky") -> dict[str, Any]:
    """Run what is left of `plan` in `out`, write tables and a figure there, and return what they show.

    Args:
        plan: what is run.
        seeds: how many worlds are drawn.
        out: folder of the results, made where it is missing.
        console: where progress is told.
        jobs: seeds side by side; 0: one for each core.
        backend: whose processes: `loky` (of this machine), `ray` or `dask`.

    Raises:
        SettingsError: the folder holds another plan or something else, or another run is at work there.
    """
    from serendip.experiments.figures import beliefs as figure
    from serendip.experiments.figures.style import save

    if not 1 <= seeds <= _MOST:
        raise SettingsError(f"seeds is {seeds:,}; allowed is 1 to {_MOST:,}")
    pieces = [_seed(plan, seed, out / f"seed-{seed}.json") for seed in range(seeds)]
    with claimed(out, Claim("plan.json", "beliefs", asdict(plan), inputs={"world": world_checksum(plan.world)})):
        run_pieces(pieces, jobs, console, "beliefs", backend)
        found = [read_json(piece.path) for piece in pieces]
        values = {"plan": asdict(plan), "seeds": seeds, "beliefs": _averaged(found)}
        write_json(out / "beliefs.json", values)
        write_whole(out / "never-shown.md", never_shown_table(values))
        write_whole(out / "calibration.md", calibration_table(values))
        save(figure.draw(values), out / "calibration.png")
    return values


def _seed(plan: Plan, seed: int, path: Path) -> Piece:
    """Return what is asked under one seed as a piece of work."""
    return Piece(path, f"seed {seed}", N_KINDS, asdict(plan) | {"seed": seed}, partial(_make, plan, seed))


def _make(plan: Plan, seed: int, at: Path, tell: Tell) -> None:
    """Write what was found under one seed to the file `at`."""
    site = lived_in(plan.world, seed, plan.days, plan.held_back)
    users = np.arange(site.world.n_users)
    truth, trial = worth(site, users), hold(site, users)
    found = list[dict[str, Any]]()
    for kind in chain(autoencoders(site, users, plan.epochs), others(site, users)):
        drawn = probabilities(site, trial, kind.posterior, plan.draws)
        found.append(
            {
                "name": kind.name,
                "likelihood": kind.likelihood,
                "never_shown": never_shown(site, users, truth, kind.posterior),
                "calibration": judge(trial, drawn),
            }
        )
        tell(len(found))
    write_json(at, found)


def _averaged(found: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return each belief's values averaged over the seeds."""
    return [_mean([seed[index] for seed in found]) for index in range(len(found[0]))]


def _mean(values: list[Any]) -> Any:
    """Return the mean of alike nested values; words are the same in all, and what is missing is left out."""
    first = values[0]
    if isinstance(first, dict):
        return {key: _mean([value[key] for value in values]) for key in first}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(first, list):
        return [_mean(list(column)) for column in zip(*values, strict=True)]
    if isinstance(first, str):
        return first
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def never_shown_table(values: dict[str, Any]) -> str:
    """Return the table of never-shown items, as Markdown."""
    of_group = ("never shown", "distinct", "utility")
    headings = ["belief", "taught on", *(f"{what}, {group}" for group in ("low", "high") for what in of_group)]
    lines = list[list[str]]()
    for row in values["beliefs"]:
        cells = list[str]()
        for group in ("low", "high"):
            of = row["never_shown"][group]
            cells += [f"{of['share']:.1%}", f"{of['distinct']:.0f}", f"{of['utility']:.3f}"]
        lines.append([row["name"], row["likelihood"], *cells])
    return markdown(headings, lines, left=2)


def calibration_table(values: dict[str, Any]) -> str:
    """Return the table of calibration over all judged inputs, as Markdown."""
    headings = [
        *("belief", "taught on", "ECE", "NLL", "epistemic gain, ten items", "of two items, five times each"),
        "coverage of 90% intervals",
    ]
    lines = list[list[str]]()
    for row in values["beliefs"]:
        of = row["calibration"]["all"]
        cells = [f"{of['ece']:.3f}", f"{of['nll']:.4f}", f"{of['gain']:+.4f}", f"{of['gain_again']:+.4f}"]
        lines.append([row["name"], row["likelihood"], *cells, f"{of['coverage']:.0%}"])
    return markdown(headings, lines, left=2)
