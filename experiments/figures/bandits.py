"""Regret curves of the bandit suite: a panel a bandit, a line a strategy, one belief a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from serendip.experiments.bandits.report import Row
from serendip.experiments.figures.style import save, tidy_ticks

_STYLE = {  # Okabe & Ito (2008), greys for what does not explore or is a control
    "greedy": ("#555555", "-"),
    "epsilon .1": ("#9A9A9A", "-"),
    "boltzmann": ("#E69F00", "-"),
    "thompson": ("#0072B2", "-"),
    "top-two": ("#56B4E9", "-"),
    "ucb": ("#D55E00", "-"),
    "squarecb": ("#CC79A7", "-"),
    "novelty": ("#009E73", "-"),
    "shuffled": ("#0072B2", ":"),
}
_ACROSS = 3


def draw(rows: list[Row]) -> Any:
    """Return regret in percent of uniform's against rounds, mean over the runs with a band of one standard error."""
    down = -(-len(rows) // _ACROSS)
    figure = Figure(figsize=(3.3 * _ACROSS, 1.1 + 2.7 * down), layout="constrained")
    figure.suptitle(
        f"What each strategy costs, belief {rows[0].belief}: mean over the runs, band: one standard error",
        fontsize=12, fontweight="bold", x=0.01, ha="left",
    )  # fmt: skip
    axes = figure.subplots(down, _ACROSS, squeeze=False).ravel()
    for ax in axes[len(rows) :]:
        ax.set_axis_off()
    for at, (ax, row) in enumerate(zip(axes, rows, strict=False)):
        _panel(ax, row)
        if at % _ACROSS == 0:
            ax.set_ylabel("regret, % of uniform's", fontsize=9)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower left", ncols=5, frameon=False, fontsize=10)
    return figure


def draw_all(rows: list[Row], folder: Path) -> list[Path]:
    """Draw a figure for each belief into `folder`; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    beliefs = dict.fromkeys(row.belief for row in rows)
    return [
        save(draw([row for row in rows if row.belief == belief]), folder / f"regret-{belief}.png") for belief in beliefs
    ]


def _panel(ax: Any, row: Row) -> None:
    for name, share in row.share.items():
        colour, line = _STYLE[name]
        mean, error = share.mean(axis=0), share.std(axis=0, ddof=1) / np.sqrt(len(share))
        ax.plot(row.rounds, mean, line, color=colour, linewidth=1.6, label=name)
        ax.fill_between(row.rounds, mean - error, mean + error, color=colour, alpha=0.15, linewidth=0)
    ax.set_title(f"{row.bandit}, T = {row.horizon:,}, {row.runs} runs", fontsize=10, loc="left")
    ax.set_ylim(bottom=0.0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#E6E6E6", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=8.5)
    ax.set_xlabel("rounds", fontsize=9)
    tidy_ticks(ax)
    ax.margins(x=0.0)
