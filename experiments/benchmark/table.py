"""The table of a benchmark: means with standard errors, and paired differences to the best baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serendip.experiments import tables
from serendip.experiments.benchmark.metrics import TUNED_ON
from serendip.experiments.running.manifest import check_whole
from serendip.simulator.errors import DataError
from serendip.simulator.settings_json import read_json

BASELINES = (
    "popularity", "user-knn", "item-knn", "p3alpha", "rp3beta", "slim", "pure-svd", "markov-chain", "sequential-rules",
)  # fmt: skip
_SHOWN = ("ndcg@100", "recall@20", "recall@50", "recall-of-all@20")

Tests = dict[str, tuple[dict[str, Any], dict[str, NDArray[Any]]]]


def read_tests(out: Path) -> Tests:
    """Return what `run` left in `out`: for each model its record and its metrics by user.

    Raises:
        DataError: there is nothing, or a file is not the one that was written.
    """
    found: Tests = {}
    for file in sorted((out / "tests").glob("*.json")):
        for part in (file, file.with_suffix(".npz")):
            check_whole(part)
        with np.load(file.with_suffix(".npz"), allow_pickle=False) as arrays:
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


def by_quality(tests: Tests) -> list[str]:
    """Return the models' names, best first."""
    return sorted(tests, key=lambda name: -float(tests[name][1][TUNED_ON].mean()))


def failures(out: Path) -> dict[str, str]:
    """Return, for each model in `out` of which no trial came to an end, the last one's error."""
    errors, finished = dict[str, str](), set[str]()
    for file in sorted((out / "trials").glob("*.json")):
        name, trial = file.stem.rpartition("-")[0], read_json(file)
        if "error" in trial:
            errors[name] = trial["error"]
        else:
            finished.add(name)
    return {name: error for name, error in errors.items() if name not in finished}


def as_json(tests: Tests, failed: dict[str, str]) -> dict[str, Any]:
    """Return what the tables say and more, as JSON values: each mean with its standard error, None where it has none.

    Args:
        tests: from `read_tests`.
        failed: from `failures`.
    """
    against = best_baseline(tests)
    groups = terciles(tests[against][1]["activity"])
    activity = tests[against][1]["activity"]
    models = dict[str, Any]()
    for name in by_quality(tests):
        record, users = tests[name]
        difference = users[TUNED_ON] - tests[against][1][TUNED_ON]
        models[name] = record | {
            "metrics": {metric: _estimate(users[metric]) for metric in users if metric != "activity"},
            "paired": _estimate(difference),
            "by_activity": [
                {"metric": _estimate(users[TUNED_ON][group]), "paired": _estimate(difference[group])}
                for group in groups
            ],
        }
    spans = [
        {
            "n_users": int(group.sum()),
            "least": _number(activity[group], np.min),
            "most": _number(activity[group], np.max),
        }
        for group in groups
    ]
    return {"tuned_on": TUNED_ON, "baseline": against, "by_activity": spans, "models": models, "failed": failed}


def _estimate(values: NDArray[Any]) -> dict[str, float | None]:
    mean, error = mean_and_error(values) if len(values) else (float("nan"), float("nan"))
    return {"mean": mean if np.isfinite(mean) else None, "error": error if np.isfinite(error) else None}


def _number(values: NDArray[Any], pick: Any) -> float | None:
    return float(pick(values)) if len(values) else None


def markdown(tests: Tests) -> str:
    """Return the tables as Markdown, best first: all users, then NDCG@100 by how much is known of a user."""
    against, order = best_baseline(tests), by_quality(tests)
    head = ["model", *_SHOWN, f"{TUNED_ON} less {against}'s", "fit, s", "peak, MB"]
    lines = list[list[str]]()
    for name in order:
        record, users = tests[name]
        difference = users[TUNED_ON] - tests[against][1][TUNED_ON]
        means = [_pm(users[metric]) for metric in _SHOWN]
        paired = "" if name == against else _pm(difference, "+")
        lines.append([name, *means, paired, f"{record['seconds']:.1f}", f"{record['peak_mb']:.0f}"])
    return tables.markdown(head, lines) + "\n" + _by_activity(tests, order, against)


def _by_activity(tests: Tests, order: list[str], against: str) -> str:
    groups = terciles(tests[against][1]["activity"])
    activity = tests[against][1]["activity"]
    names = list[str]()
    for what, group in zip(("few", "some", "many"), groups, strict=True):
        span = f"{activity[group].min():.0f}-{activity[group].max():.0f}" if group.any() else "none"
        names.append(f"{what} ({span} clicks, {int(group.sum())} users)")
    head = ["model", *(cell for name in names for cell in (name, "paired"))]
    lines = list[list[str]]()
    for name in order:
        cells = list[str]()
        for group in groups:
            mine, theirs = tests[name][1][TUNED_ON][group], tests[against][1][TUNED_ON][group]
            cells += [_pm(mine), "" if name == against else _pm(mine - theirs, "+")] if group.any() else ["", ""]
        lines.append([name, *cells])
    return tables.markdown(head, lines)


def _pm(values: NDArray[Any], sign: str = "") -> str:
    mean, error = mean_and_error(values)
    return f"{mean:{sign}.3f} ± {error:.3f}" if np.isfinite(error) else f"{mean:{sign}.3f}"
