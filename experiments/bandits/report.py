"""What the suite found: relative regrets as a table, in words and as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.bandits.play import PLAYED, Played
from serendip.experiments.bandits.suite import Unit
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class Row:
    """One belief in one group of bandits.

    Attributes:
        bandit: name of the group.
        belief: name of the belief.
        horizon: rounds.
        rounds: (C,) rounds after which regret was noted.
        share: by strategy, (R, C) regret in percent of what playing any arm would have cost on the same bandit.
    """

    bandit: str
    belief: str
    horizon: int
    rounds: Ints
    share: dict[str, Floats]

    @property
    def runs(self) -> int:
        """R."""
        return len(self.share["greedy"])

    def cell(self, strategy: str) -> tuple[float, float]:
        """Return the mean over runs of the share at the end, and its standard error."""
        last = self.share[strategy][:, -1]
        return float(last.mean()), float(last.std(ddof=1) / np.sqrt(len(last)))

    def lead(self, strategy: str, other: str) -> tuple[float, float]:
        """Return how much lower the share of `strategy` is than that of `other`, paired over runs, and its error."""
        off = self.share[other][:, -1] - self.share[strategy][:, -1]
        return float(off.mean()), float(off.std(ddof=1) / np.sqrt(len(off)))


def rows(units: Iterable[Unit], out: Path) -> list[Row]:
    """Return a row for each group of each finished unit; the groups of one kind of bandit stand together."""
    found = dict[tuple[str, int], list[Row]]()
    for unit in units:
        played = unit.read(out)
        for g, group in enumerate(played.groups if played else ()):
            assert played is not None
            row = Row(group, unit.learner, unit.horizon, played.rounds, _shares(played, g))
            found.setdefault((group, unit.horizon), []).append(row)
    return [row for together in found.values() for row in together]


def _shares(played: Played, group: int) -> dict[str, Floats]:
    return {name: 100.0 * regret[group] / played.uniform[group] for name, regret in played.regret.items()}


def best_of(row: Row) -> str:
    """Return the strategy with the least regret."""
    return min(row.share, key=lambda name: row.cell(name)[0])


def markdown(found: list[Row]) -> str:
    """Return the table: percent of uniform's regret, with the standard error; the best of each row in bold."""
    names = list(PLAYED)
    lines = [
        "| bandit | T | runs | belief | " + " | ".join(names) + " |",
        "| --- | ---: | ---: | --- |" + " ---: |" * len(names),
    ]
    for row in found:
        best = best_of(row)
        cells = [_text(row.cell(name), bold=name == best) for name in names]
        lines.append(f"| {row.bandit} | {row.horizon:,} | {row.runs} | {row.belief} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _text(cell: tuple[float, float], *, bold: bool) -> str:
    text = f"{cell[0]:.1f} ± {cell[1]:.1f}"
    return f"**{text}**" if bold else text


def verdicts(found: list[Row]) -> list[str]:
    """Return in words, bandit by bandit, whether any strategy beats plain greed with the same belief."""
    said = list[str]()
    for row in found:
        leads = {name: row.lead(name, "greedy") for name in row.share if name != "greedy"}
        better = [name for name, (lead, error) in leads.items() if lead > 3.0 * error]
        worse = [name for name, (lead, error) in leads.items() if lead < -3.0 * error]
        where = f"{row.bandit}, {row.belief}, T = {row.horizon:,}"
        if not better:
            said.append(f"{where}: nothing beats greedy; worse: {', '.join(worse) or 'none'}")
        else:
            said.append(f"{where}: better than greedy: {', '.join(better)}; worse: {', '.join(worse) or 'none'}")
    return said


def to_json(found: list[Row]) -> list[dict[str, Any]]:
    """Return the rows as plain values."""
    return [
        {
            "bandit": row.bandit,
            "belief": row.belief,
            "horizon": row.horizon,
            "runs": row.runs,
            "percent_of_uniform": {
                name: dict(zip(("mean", "standard_error"), row.cell(name), strict=True)) for name in row.share
            },
        }
        for row in found
    ]
