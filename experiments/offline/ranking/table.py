"""The table of a benchmark: means with standard errors, and paired differences to the best baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.experiments.offline.ranking.benchmark import TUNED_ON
from serendip.simulator.interface import DataError, read_json

BASELINES = ("popularity", "user-knn", "item-knn", "p3alpha", "rp3beta", "slim", "pure-svd")
_SHOWN = ("ndcg@100", "recall@20", "recall@50", "recall-of-all@20")

Tests = dict[str, tuple[dict[str, Any], dict[str, NDArray[Any]]]]


def read_tests(out: Path) -> Tests:
    """Return what `run` left in `out`: for each model its record and its metrics by user.

    Raises:
        DataError: there is nothing.
    """
    found: Tests = {}
    for file in sorted((out / "tests").glob("*.json")):
        with np.load(file.with_suffix(".npz")) as arrays:
            found[file.stem] = (read_json(file), {name: arrays[name] for name in arrays.files})
    if not found:
        raise DataError(f"{out}: no tested models here")
    return found


def best_baseline(tests: Tests) -> str:
    """Return the baseline that was best on the validation users; any model's where no baseline was tested."""
    names = [name for name in tests if name in BASELINES] or list(tests)
    return max(names, key=lambda name: tests[name][0]["validation"])


def mean_and_error(values: NDArray[Any]) -> tuple[float, float]:
    """Return the mean over users and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def terciles(activity: NDArray[Any]) -> list[NDArray[np.bool_]]:
    """Return the users with few, some and many known clicks; users with equally many are never parted."""
    low, high = np.quantile(activity, [1 / 3, 2 / 3])
    return [activity <= low, (activity > low) & (activity <= high), activity > high]


def markdown(tests: Tests) -> str:
    """Return the tables as Markdown, best first: all users, then NDCG@100 by how much is known of a user."""
    against = best_baseline(tests)
    order = sorted(tests, key=lambda name: -float(tests[name][1][TUNED_ON].mean()))
    head = ["model", *_SHOWN, f"{TUNED_ON} less {against}'s", "fit, s", "peak, MB"]
    lines = [_row(head), _row(["---"] * len(head))]
    for name in order:
        record, users = tests[name]
        difference = users[TUNED_ON] - tests[against][1][TUNED_ON]
        means = [_pm(users[metric]) for metric in _SHOWN]
        paired = "" if name == against else _pm(difference, "+")
        lines.append(_row([name, *means, paired, f"{record['seconds']:.1f}", f"{record['peak_mb']:.0f}"]))
    return "\n".join([*lines, "", *_by_activity(tests, order, against)]) + "\n"


def _by_activity(tests: Tests, order: list[str], against: str) -> list[str]:
    groups = terciles(tests[against][1]["activity"])
    activity = tests[against][1]["activity"]
    names = list[str]()
    for what, group in zip(("few", "some", "many"), groups, strict=True):
        span = f"{activity[group].min():.0f}-{activity[group].max():.0f}" if group.any() else "none"
        names.append(f"{what} ({span} clicks, {int(group.sum())} users)")
    head = ["model", *(cell for name in names for cell in (name, "paired"))]
    lines = [_row(head), _row(["---"] * len(head))]
    for name in order:
        cells = list[str]()
        for group in groups:
            mine, theirs = tests[name][1][TUNED_ON][group], tests[against][1][TUNED_ON][group]
            cells += [_pm(mine), "" if name == against else _pm(mine - theirs, "+")] if group.any() else ["", ""]
        lines.append(_row([name, *cells]))
    return lines


def _pm(values: NDArray[Any], sign: str = "") -> str:
    mean, error = mean_and_error(values)
    return f"{mean:{sign}.3f} ± {error:.3f}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def plot(tests: Tests, path: Path) -> None:
    """Write a figure of quality against the time it took to learn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, (record, users) in tests.items():
        mean, error = mean_and_error(users[TUNED_ON])
        axes.errorbar([record["seconds"]], [mean], yerr=[error], fmt="o", color="black", markersize=4)
        axes.annotate(name, (record["seconds"], mean), xytext=(5, 3), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("seconds to learn")
    axes.set_ylabel("NDCG@100 of held-out users")
    figure.savefig(path)
