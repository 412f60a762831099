"""What the suite found: relative regrets as a table, in words and as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments import tables
from serendip.experiments.bandits.play import PLAYED, Played
from serendip.experiments.bandits.suite import Unit
from serendip.experiments.online.statistics import LEVEL, holm, paired_p_value, seeds_for_clarity
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class Row:
    """One belief in one group of bandits.

    Attributes:
        bandit: name of the group.
        belief: name of the belief.
        horizon: number of rounds.
        rounds: (C,) rounds after which regret was noted.
        share: (R, C) by strategy: regret in percent of what playing any arm would have cost on the same bandit.
    """

    bandit: str
    belief: str
    horizon: int
    rounds: Ints
    share: dict[str, Floats]

    @property
    def runs(self) -> int:
        """Number of runs, R."""
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
    lines = list[list[str]]()
    for row in found:
        best = best_of(row)
        cells = [_text(row.cell(name), bold=name == best) for name in names]
        lines.append([row.bandit, row.belief, f"{row.horizon:,}", str(row.runs), *cells])
    return tables.markdown(["bandit", "belief", "T", "runs", *names], lines, left=2)


def _text(cell: tuple[float, float], *, bold: bool) -> str:
    text = f"{cell[0]:.1f} ± {cell[1]:.1f}"
    return f"**{text}**" if bold else text


def verdicts(found: list[Row]) -> list[str]:
    """Return in words, bandit by bandit, whether any strategy beats plain greed with the same belief.

    One does where the difference is more than three standard errors, and clear over the runs after Holm's correction.
    """
    said = list[str]()
    for row in found:
        names = [name for name in row.share if name != "greedy"]
        where = f"{row.bandit}, {row.belief}, T = {row.horizon:,}"
        if row.runs < seeds_for_clarity(len(names)):
            said.append(f"{where}: no verdict from {row.runs} runs; it takes {seeds_for_clarity(len(names))} or more")
            continue
        leads = _clear_leads(row, names)
        better, worse = ([name for name, lead in leads.items() if lead * sign > 0.0] for sign in (1.0, -1.0))
        found_better = f"better than greedy: {', '.join(better)}" if better else "nothing beats greedy"
        said.append(f"{where}: {found_better}; worse: {', '.join(worse) or 'none'}")
    return said


def _clear_leads(row: Row, names: list[str]) -> dict[str, float]:
    """Return the leads over greed that are clear, by strategy."""
    greedy = row.share["greedy"][:, -1]
    p_values = holm([paired_p_value(greedy - row.share[name][:, -1]) for name in names])
    leads = {name: row.lead(name, "greedy") for name in names}
    return {
        name: leads[name][0]
        for name, p_value in zip(names, p_values, strict=True)
        if p_value is not None and p_value < LEVEL and abs(leads[name][0]) > 3.0 * leads[name][1]
    }


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
