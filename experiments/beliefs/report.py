"""Runs both questions over seeds, one finished seed at a time, and writes tables and a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.beliefs.kinds import autoencoders, others
from serendip.experiments.beliefs.never_shown import never_shown, worth
from serendip.experiments.beliefs.site import lived_in
from serendip.experiments.beliefs.trial import hold, judge, probabilities
from serendip.simulator.errors import SettingsError
from serendip.simulator.files import write_whole
from serendip.simulator.settings_json import read_json, write_json


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.

    Attributes:
        world: a world by name, or its folder.
        days: how long the site lived before its beliefs are asked.
        held_back: share of the items that were never shown.
        epochs: of each autoencoder's training.
        draws: hypotheses drawn for probabilities, where they cannot be counted.
    """

    world: str = "default"
    days: int = 20
    held_back: float = 0.2
    epochs: int = 50
    draws: int = 128

    def __post_init__(self) -> None:
        if not 0.0 < self.held_back < 1.0 or min(self.days, self.epochs, self.draws) < 1:
            raise SettingsError(
                f"held_back is {self.held_back}, days {self.days}, epochs {self.epochs} and draws {self.draws}; "
                "allowed is a share between 0 and 1, and 1 or more of each of the others"
            )


def run(plan: Plan, seeds: int, out: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run what is left of `plan` in `out`, write tables and a figure there, and return what they show.

    Raises:
        SettingsError: the folder holds another plan.
    """
    from serendip.experiments.figures import beliefs as figure
    from serendip.experiments.figures.style import save

    out.mkdir(parents=True, exist_ok=True)
    held = out / "plan.json"
    if held.exists() and read_json(held) != asdict(plan):
        raise SettingsError(f"{out} holds results of other settings; give another --out, or remove it")
    write_json(held, asdict(plan))
    found = [_seed(plan, seed, out / f"seed-{seed}.json", tell) for seed in range(seeds)]
    values = {"plan": asdict(plan), "seeds": seeds, "beliefs": _averaged(found)}
    write_json(out / "beliefs.json", values)
    write_whole(out / "never-shown.md", never_shown_table(values))
    write_whole(out / "calibration.md", calibration_table(values))
    save(figure.draw(values), out / "calibration.png")
    return values


def _seed(plan: Plan, seed: int, file: Path, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return what was found under one seed, from `file` if it is there."""
    if file.exists():
        return read_json(file)
    tell(f"seed {seed}: living {plan.days} days")
    site = lived_in(plan.world, seed, plan.days, plan.held_back)
    users = np.arange(site.world.n_users)
    truth, trial = worth(site, users), hold(site, users)
    found = list[dict[str, Any]]()
    for kind in chain(autoencoders(site, users, plan.epochs), others(site, users)):
        tell(f"seed {seed}: {kind.name}, taught on {kind.likelihood}")
        drawn = probabilities(site, trial, kind.posterior, plan.draws)
        found.append(
            {
                "name": kind.name,
                "likelihood": kind.likelihood,
                "never_shown": never_shown(site, users, truth, kind.posterior),
                "calibration": judge(trial, drawn),
            }
        )
    write_json(file, found)
    return found


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
    lines = [
        "| belief | taught on | never shown, low | distinct, low | utility, low | never shown, high | distinct, high "
        "| utility, high |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in values["beliefs"]:
        cells = list[str]()
        for group in ("low", "high"):
            of = row["never_shown"][group]
            cells += [f"{of['share']:.1%}", f"{of['distinct']:.0f}", f"{of['utility']:.3f}"]
        lines.append(f"| {row['name']} | {row['likelihood']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def calibration_table(values: dict[str, Any]) -> str:
    """Return the table of calibration over all judged inputs, as Markdown."""
    lines = [
        "| belief | taught on | ECE | NLL | epistemic gain, ten items | of two items, five times each "
        "| coverage of 90% intervals |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in values["beliefs"]:
        of = row["calibration"]["all"]
        lines.append(
            f"| {row['name']} | {row['likelihood']} | {of['ece']:.3f} | {of['nll']:.4f} | {of['gain']:+.4f} "
            f"| {of['gain_again']:+.4f} | {of['coverage']:.0%} |"
        )
    return "\n".join(lines) + "\n"
