"""The page of a benchmark: which model ranks best what users clicked, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from serendip.experiments.benchmark.table import Tests, as_json
from serendip.experiments.figures.benchmark import draw
from serendip.experiments.report.page import Cell, Grid, Page, Picture, Section, write_page
from serendip.experiments.report.study import REPORT
from serendip.experiments.report.svg import inline_svg
from serendip.experiments.running.folder import PROVENANCE, read_plan
from serendip.experiments.running.provenance import checksum

_METRICS = ("ndcg@100", "recall@20", "recall@50", "recall-of-all@20")
_CLEAR = 1.96  # standard errors of a paired difference
_READING = (
    "A row is a model, the best above. Further right in the first two panels: more of what was held out stands near "
    "the top of its ranking, for all users and for the third with the fewest clicks. The bar is one standard error. "
    "The third panel is what that costs: how long one fit took."
)


def report_benchmark(out: Path, tests: Tests, failed: dict[str, str]) -> Path:
    """Write the page of the benchmark in the folder `out`; return its path."""
    return write_page(benchmark_page(out, tests, failed), out / REPORT)


def benchmark_page(out: Path, tests: Tests, failed: dict[str, str]) -> Page:
    """Return the page of the benchmark in the folder `out`.

    Args:
        out: the folder of its results.
        tests: what was tested, by model.
        failed: models of which no trial came to an end, and why.
    """
    plan, values = read_plan(out / "plan.json", "benchmark"), as_json(tests, failed)
    best, baseline = next(iter(values["models"])), values["baseline"]
    text, word, good = _answer(values)
    svg = inline_svg(
        partial(draw, tests), "quality", "Quality of each model, and how long it takes to learn; in words."
    )
    words = " ".join(f"{name}: {_pm(model['metrics'][_METRICS[0]])}." for name, model in values["models"].items())
    return Page(
        title=f"Benchmark on {Path(str(plan['data'])).name}",
        question=(
            f"Which of {len(tests)} models ranks best what users clicked? Protocol {plan['protocol']}, "
            f"{plan['trials']} trials for each model."
        ),
        answer=text,
        word=word,
        tone="good" if good else "doubtful",
        sections=[
            Section("Quality, and the time it takes", pictures=[Picture(svg, words, _READING)]),
            Section("In a table", grids=[_table(values), _by_activity(values)]),
            *([_failures(failed)] if failed else []),
            Section(
                "What to know before reading it",
                points=[
                    f"Every model had the same number of trials; {baseline} was the best baseline in validation.",
                    f"Differences are paired: the same users under {best} and under {baseline}.",
                    "A ranking of logged clicks says which model predicts what people did. It does not say what they "
                    "would do if the model chose what they see.",
                ],
            ),
        ],
        made_by=_made_by(out, plan),
    )


def _answer(values: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Return the answer in two sentences, its verdict, and whether it is a clear one."""
    best, baseline = next(iter(values["models"])), values["baseline"]
    first = f"{best} ranks best: NDCG@100 {_pm(values['models'][best]['metrics'][_METRICS[0]])}."
    if best == baseline:
        return f"{first} It is a baseline: no other model was better.", "a baseline is best", True
    paired = values["models"][best]["paired"]
    size = f"{_pm(paired, '+')} over {baseline}, the best baseline, user by user"
    sure = paired["error"] is not None and paired["mean"] > _CLEAR * paired["error"]
    if sure:
        return f"{first} That is {size}, clearly more.", "clear", True
    return f"{first} That is {size}, which may be chance.", "not clear", False


def _pm(estimate: Mapping[str, float | None], sign: str = "") -> str:
    """Return a mean with its standard error, where it has one."""
    mean, error = estimate["mean"], estimate["error"]
    if mean is None:
        return "-"
    return f"{mean:{sign}.3f} ± {error:.3f}" if error is not None else f"{mean:{sign}.3f}"


def _cell(estimate: Mapping[str, float | None], sign: str = "") -> Cell:
    mean = estimate["mean"]
    return Cell(_pm(estimate, sign), -math.inf if mean is None else mean)


def _table(values: Mapping[str, Any]) -> Grid:
    """Return all metrics of all users."""
    paired = f"{values['tuned_on']} less that of {values['baseline']}"
    rows = [
        [
            Cell(name),
            *(_cell(model["metrics"][metric]) for metric in _METRICS),
            Cell("", 0.0) if name == values["baseline"] else _cell(model["paired"], "+"),
            Cell(f"{model['seconds']:.1f}", model["seconds"]),
            Cell(f"{model['peak_mb']:.0f}", model["peak_mb"]),
        ]
        for name, model in values["models"].items()
    ]
    return Grid(
        "Means over held-out users, ± standard error.", ["model", *_METRICS, paired, "fit, s", "peak, MB"], rows
    )


def _by_activity(values: Mapping[str, Any]) -> Grid:
    """Return the metric that was tuned on, by how much is known of a user."""
    there = [at for at, span in enumerate(values["by_activity"]) if span["n_users"]]
    spans = [_span(values["by_activity"][at]) for at in there]
    rows = [
        [Cell(name), *(_cell(model["by_activity"][at]["metric"]) for at in there)]
        for name, model in values["models"].items()
    ]
    return Grid(f"{values['tuned_on']} by how many clicks of a user are known.", ["model", *spans], rows)


def _span(span: Mapping[str, Any]) -> str:
    """Return how many users are in a group, and how many clicks of each are known."""
    return f"{span['n_users']:,} users, {span['least']:.0f} to {span['most']:.0f} clicks"


def _failures(failed: dict[str, str]) -> Section:
    points = [f"{name}: {error}" for name, error in failed.items()]
    return Section("Models that are not in the table", points=points, word="failed", tone="bad")


def _made_by(out: Path, plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return version, commands and checksums."""
    made = plan[PROVENANCE]
    return [
        ("version", str(made["version"])),
        *(("command", str(command)) for command in made["commands"]),
        ("SHA-256 of plan.json", checksum(out / "plan.json")),
        *((f"SHA-256 of the {name}", str(value)) for name, value in made["inputs"].items()),
    ]
