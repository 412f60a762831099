"""The table of a benchmark on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

_SHOWN = ("ndcg@100", "recall@20", "recall@50")


def to_rich(values: Mapping[str, Any]) -> Table:
    """Return the models, best first: means over users with standard errors, and the paired difference to a baseline.

    Args:
        values: from `benchmark.table.as_json`.
    """
    legend = (
        "means over users that were held out, ± standard error\n"
        f"paired: {values['tuned_on']} less that of {values['baseline']}, user by user; fit: seconds; MB: most memory\n"
        "table.md has all columns, and users apart by how much is known of them"
    )
    table = Table(caption=legend, caption_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), min_width=78)
    for name in ("model", *_SHOWN, "paired", "fit", "MB"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for name, model in values["models"].items():
        shown = [_pm(model["metrics"][metric]) for metric in _SHOWN]
        paired = "" if name == values["baseline"] else _pm(model["paired"], "+")
        table.add_row(name, *shown, paired, f"{model['seconds']:.1f}", f"{model['peak_mb']:.0f}")
    return table


def _pm(estimate: Mapping[str, float | None], sign: str = "") -> str:
    """Return a mean with its standard error, where it has one."""
    mean, error = estimate["mean"], estimate["error"]
    if mean is None:
        return "-"
    return f"{mean:{sign}.3f} ±{error:.3f}" if error is not None else f"{mean:{sign}.3f}"
