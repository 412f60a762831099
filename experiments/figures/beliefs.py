"""How good the doubts of beliefs are, by how active the user is and by how often the item was shown."""

from __future__ import annotations

from typing import Any

import numpy as np

_MEASURES = {
    "ece": "calibration error of click probabilities (ECE)",
    "nll": "surprise by a click or none (NLL, nats)",
    "gain": "epistemic gain, ten items (nats a user)",
    "gain_again": "epistemic gain, two items five times each",
    "coverage": "truth inside the 90% credible interval",
}
_SPLITS = {
    "by_activity": ("decile of the user's activity", [str(k) for k in range(1, 11)]),
    "by_exposure": ("how often the item was shown", ["never", "rarely", "2", "3", "4", "often"]),
}
_SHOWN = {  # belief as named in the results, what it was taught on: colour
    ("point", "shown items"): "#555555",
    ("latent", "shown items"): "#0072B2",
    ("last layer", "shown items"): "#E69F00",
    ("latent + last layer + bootstrap", "shown items"): "#D55E00",
    ("EASE, bootstrap", "all items"): "#009E73",
    ("ease-posterior", "all items"): "#CC79A7",
    ("gaussian-field", "shown items"): "#56B4E9",
    ("choice-mixture", "shown slates"): "#000000",
    ("choice-clusters", "shown slates"): "#999933",
    ("choice-factors", "shown slates"): "#666600",
    ("choice-vae", "shown slates"): "#AA4499",
}


def draw(values: dict[str, Any]) -> Any:
    """Return five rows of two panels: a measure a row, by user and by item; a line for each of eleven beliefs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 14.0), layout="constrained")
    figure.suptitle("Whose doubts can be trusted: beliefs against the simulator's truth", fontsize=13)
    axes = figure.subplots(len(_MEASURES), len(_SPLITS), sharey="row")
    lines = list[Any]()
    for column, (split, (label, ticks)) in zip(axes.T, _SPLITS.items(), strict=True):
        for ax, (measure, title) in zip(column, _MEASURES.items(), strict=True):
            lines = [_line(ax, belief, split, measure) for belief in values["beliefs"] if _key(belief) in _SHOWN]
            _dress(ax, measure, title if ax is axes[list(_MEASURES).index(measure), 0] else "", label, ticks)
    names = [line.get_label() for line in lines]
    figure.legend(lines, names, loc="outside lower center", ncols=4, frameon=False, fontsize=9.5)
    return figure


def _key(belief: dict[str, Any]) -> tuple[str, str]:
    return belief["name"], belief["likelihood"]


def _line(ax: Any, belief: dict[str, Any], split: str, measure: str) -> Any:
    """Draw a belief's measure along one split, and return the line."""
    cells = [np.nan if cell[measure] is None else cell[measure] for cell in belief["calibration"][split]]
    style = ":" if belief["name"] == "point" else "-"
    return ax.plot(range(len(cells)), cells, style, marker=".", color=_SHOWN[_key(belief)], label=belief["name"])[0]


def _dress(ax: Any, measure: str, title: str, label: str, ticks: list[str]) -> None:
    """Name a panel and its axes, and mark what a measure should be."""
    ideal = {"coverage": 0.9, "gain": 0.0, "gain_again": 0.0}.get(measure)
    if ideal is not None:
        ax.axhline(ideal, color="#999999", linewidth=0.8, linestyle="--")
    if measure == "coverage":
        ax.set_ylim(-0.02, 1.02)
    ax.set_title(title, fontsize=10, loc="left")
    ax.set_xlabel(label, fontsize=9)
    ax.set_xticks(range(len(ticks)), ticks, fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#E6E6E6", linewidth=0.8)
