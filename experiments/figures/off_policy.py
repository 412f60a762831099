"""Pictures of an evaluation from a log: the weights, the estimates, and what clipping does to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from serendip.experiments.figures.style import new_figure, save
from serendip.experiments.offline.evaluation import Evaluation
from serendip.experiments.offline.report import title_of
from serendip.simulator.errors import SettingsError

_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#555555"


def draw_all(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Draw every figure of an evaluation into `folder`; return the files.

    Raises:
        SettingsError: the evaluation keeps no weights to draw.
    """
    if evaluation.valued is None:
        raise SettingsError("no figures: this evaluation does not keep its weights")
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"weights": weights, "estimates": estimates, "clipping": clipping}
    return [save(draw(evaluation), folder / f"{name}.png") for name, draw in figures.items()]


def weights(evaluation: Evaluation) -> Any:
    """Return a histogram of the importance weights: how many slots have each, and how much of all weight they carry."""
    assert evaluation.valued is not None
    histogram = evaluation.valued.weights
    weight, count = histogram.bins()
    some = weight > 0.0
    edges = np.histogram_bin_edges(np.log10(weight[some]), bins=40)
    centre = (edges[:-1] + edges[1:]) / 2.0
    ess = histogram.effective_sample_size
    subtitle = f"{ess:,.0f} of {histogram.n:,} slots are left in effect; {histogram.n_zero:,} have a weight of 0"
    figure, (ax,) = new_figure(1, "Importance weights", subtitle, width=8.0)
    for values, colour, name in ((count, _GREY, "slots"), (count * weight, _BLUE, "weight")):
        share = np.histogram(np.log10(weight[some]), bins=edges, weights=values[some])[0] / values.sum()
        ax.step(centre, share, where="mid", color=colour, linewidth=1.8, label=f"share of all {name}")
    ax.axvline(0.0, color=_ORANGE, linewidth=1.0)
    ax.set_xlabel("importance weight, target / logged (log10)")
    ax.legend(frameon=False)
    return figure


def estimates(evaluation: Evaluation) -> Any:
    """Return each estimate with its 95% interval, and the truth where it is known."""
    known = {name: e for name, e in evaluation.estimates.items() if e.value is not None}
    subtitle = f"{evaluation.target}; verdict: {evaluation.verdict}; 95% intervals over users"
    height = 1.6 + 0.36 * max(len(known), 4)
    figure, (ax,) = new_figure(1, "What the target is worth, per slot", subtitle, width=8.0, height=height)
    for row, (name, e) in enumerate(reversed(known.items())):
        assert e.low is not None
        ax.plot([e.low, e.high], [row, row], color=_BLUE, linewidth=2.0)
        ax.plot([e.value], [row], "o", color=_BLUE, markersize=5)
        ax.annotate(title_of(name), (0.0, row), xycoords=("axes fraction", "data"), xytext=(-6, 0),
                    textcoords="offset points", ha="right", va="center", fontsize=9)  # fmt: skip
    if evaluation.truth is not None:
        ax.axvline(evaluation.truth, color=_ORANGE, linewidth=1.2, label="truth")
        ax.legend(frameon=False)
    ax.set_yticks([])
    ax.set_xlabel("mean reward per slot")
    return figure


def clipping(evaluation: Evaluation) -> Any:
    """Return clipped IPS against the clip, beside what share of all weight the clip leaves."""
    assert evaluation.valued is not None
    histogram = evaluation.valued.weights
    clips = np.geomspace(1.0, max(histogram.largest, 2.0), 60)
    weight, count = histogram.bins()
    left = np.minimum(weight, clips[:, None]) @ count / max(histogram.total, 1e-300)
    subtitle = "a clip trades variance for bias; where the curve is flat it costs nothing"
    figure, (value, kept) = new_figure(2, "What clipping does", subtitle)
    value.plot(clips, histogram.clipped(clips), color=_BLUE, linewidth=1.8)
    value.set_ylabel("clipped IPS, mean reward per slot")
    kept.plot(clips, left, color=_GREY, linewidth=1.8)
    kept.set_ylabel("share of all weight that is left")
    for ax in (value, kept):
        ax.set_xscale("log")
        ax.set_xlabel("clip: largest weight allowed")
        clip = evaluation.diagnostics.get("clip")
        if clip is not None and clip <= clips[-1]:
            ax.axvline(clip, color=_ORANGE, linewidth=1.0)
    return figure
