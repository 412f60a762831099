"""Whether a log's propensities can be right, and a policy learned from a log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serendip.frames import as_path, file_to_write
from serendip.simulator.errors import SettingsError

if TYPE_CHECKING:
    from serendip.experiments.offline.judging.audit import Audit
    from serendip.experiments.offline.learning.learn import Learned


def audit(
    log: Any,
    *,
    report: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    quiet: bool = False,
    **roles: str,
) -> Audit:
    """Return whether a log's propensities can be what they say they are, and how small an error would show.

    Args:
        log: a log's folder, a file or a data frame.
        report: file of a page with the answers; none when left out.
        columns: what the columns of one's own table are called, by their roles, such as `{"item": "action"}`.
        quiet: whether nothing is said of progress.
        roles: the same as words of their own: `item="action"`.

    Raises:
        DataError: the log cannot be read.
        SettingsError: the page cannot be written there, or no column has such a role.

    Example:
        >>> import serendip
        >>> log = {"action": [0, 1] * 200, "click": [0, 1, 1, 0] * 100, "pscore": [0.5] * 400}
        >>> serendip.audit(log, item="action", reward="click", propensity="pscore").sound
        True
    """
    from serendip.experiments.offline.judging.audit import audit as ask
    from serendip.experiments.running.counting import counted

    file = None if report is None else file_to_write(report)
    with as_path(log) as path, counted("asking the log", quiet):
        found = ask(path, {**(columns or {}), **roles})
        if file is not None:
            from serendip.experiments.report.audit import audit_page
            from serendip.experiments.report.evaluation import made_by
            from serendip.experiments.report.page import write_page

            write_page(audit_page(found, str(path), made_by(path)), file)
    return found


def learn(
    log: Any,
    *,
    columns: Mapping[str, str] | None = None,
    epsilon: float = 0.05,
    out: str | Path | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Learned:
    """Return a policy learned from a log, with what users that took no part say it is worth.

    Args:
        log: a log's folder, a file or a data frame with a user, a day, an item, a reward and a propensity in each row.
        columns: what the columns of one's own table are called, by their roles, such as `{"reward": "click"}`.
        epsilon: share of uniformly random slates that the agent shows on top.
        out: folder to save the agent in; it is not saved when left out.
        quiet: whether nothing is said of progress.
        settings: of learning, such as `objective="dr"` (`serendip learn --help`).

    Raises:
        DataError: the log cannot be read, or has too few users.
        SettingsError: an unknown setting, or the folder holds something else.

    Example:
        >>> import serendip
        >>> results = serendip.run(["uniform"], "tiny", seeds=1, days=15, logged_seeds=1, jobs=1, quiet=True)
        >>> found = serendip.learn(results.log("uniform"), epochs=1, quiet=True)
        >>> found.learned.low <= found.learned.value <= found.learned.high
        True
    """
    from serendip.experiments.offline.learning.learn import learn as teach
    from serendip.experiments.offline.learning.train import Learning
    from serendip.experiments.running.counting import counted

    folder = None if out is None else Path(out)
    if folder is not None and folder.exists() and any(folder.iterdir()) and not (folder / "agent.json").exists():
        raise SettingsError(f"{folder}: not empty, and not a saved agent; give another --out")
    rate: dict[str, Any] = {"rate": 0.01 if settings.get("hidden") else 0.05}
    try:
        learning = Learning(**(rate | settings))
    except TypeError as error:
        raise SettingsError(f"learn: {error}") from error
    with as_path(log) as path, counted("reading", quiet) as at:
        found = teach(
            path,
            learning,
            columns=columns or {},
            epsilon=epsilon,
            progress=lambda done, total: at("learning", done, total),
        )
    if folder is not None:
        found.agent.save(folder)
    return found
