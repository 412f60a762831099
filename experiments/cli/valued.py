"""What is done with an evaluation: told, drawn, held to what is required, scored by a run in the log's world."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def tell(evaluation: Any, console: Any, json_file: Path | None, figures: Path | None, *, details: bool) -> None:
    """Print an evaluation of rewards or of activity, and draw its figures where a folder is given.

    Args:
        evaluation: what was estimated.
        console: where people read.
        json_file: file for programs; stdout where it is `-`, none where it is None.
        figures: folder of the figures; none are drawn where it is None.
        details: whether to print the diagnostics and what the numbers mean.
    """
    from serendip.experiments.offline.evaluation import Evaluation
    from serendip.experiments.offline.report import report

    report(evaluation, json_file, console, details=details)
    if figures is None:
        return
    if isinstance(evaluation, Evaluation):
        from serendip.experiments.figures.off_policy import draw_all

        files = draw_all(evaluation, figures)
    else:
        from serendip.experiments.figures.long_term import draw

        files = [draw(evaluation, figures)]
    console.print(f"figures in {figures}: {', '.join(file.name for file in files)}")


def require(least: str | None, verdict: str) -> None:
    """Return where the verdict is at least `least`.

    Raises:
        TooLittleError: it is less than what is required, which ends the command with exit code 3.
    """
    from serendip.simulator.errors import TooLittleError

    words = ("invalid", "weak", "reliable")
    if least is not None and words.index(verdict) < words.index(least):
        raise TooLittleError(f"the verdict is {verdict}; {least} was required")


def twin_of(log: Path) -> Any:
    """Return what runs policies in a world fitted to the log."""
    from serendip.experiments.online.twin import TwinRunner

    return TwinRunner(log)


def activity_of(log: Path, target: str, horizon: int, last: int | None) -> float:
    """Return the days with a visit that count, per user, when the target is run in the log's own world.

    Args:
        log: a simulated log's folder.
        target: an agent's name or a saved agent's folder.
        horizon: days to run.
        last: how many of the last days count; all of them when None.
    """
    from serendip.experiments.offline.valuation import Method
    from serendip.experiments.online.on_policy import on_policy_activity

    daily = on_policy_activity(log, target, Method().seed, horizon)
    return float(daily[-(last or horizon) :].sum())


def truth_of(log: Path, target: str) -> Any:
    """Return what the target is worth when it is run in the log's own world."""
    from serendip.experiments.offline.valuation import Method
    from serendip.experiments.online.on_policy import on_policy_truth

    return on_policy_truth(log, target, Method().seed)


def write_report(evaluation: Any, file: Path, log: Path, console: Any) -> None:
    """Write the page of an evaluation, and say where it is.

    Args:
        evaluation: what was estimated.
        file: where the page is written.
        log: what was asked, a log's folder or a file.
        console: where people read.
    """
    from serendip.experiments.report.evaluation import evaluation_page, made_by
    from serendip.experiments.report.page import write_page

    page = evaluation_page(evaluation.to_json(), made_by(log))
    console.print(f"to open in a browser: {write_page(page, file)}", soft_wrap=True)
