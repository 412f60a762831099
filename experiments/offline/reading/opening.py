"""Whatever log a person names, opened: this project's own, or a table with what is declared of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serendip.experiments.offline.reading.column_map import ColumnMap, parse_columns
from serendip.experiments.offline.reading.features import Features
from serendip.experiments.offline.reading.log_source import LogSource
from serendip.experiments.offline.reading.loggers import Loggers
from serendip.experiments.offline.reading.source import Source
from serendip.experiments.offline.reading.table_columns import Beside
from serendip.experiments.offline.reading.table_source import TableSource
from serendip.simulator.errors import SettingsError


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What is to be known of a file from elsewhere beyond its columns.

    Attributes:
        reward_range: smallest and largest reward that can occur, or None; intervals with a guarantee need it.
        propensity_model: name of the model that estimates the propensities which the file lacks, or None.
        context: columns that this model may use.
        loggers: the policies that wrote it, each as NAME=COLUMN, with its probability of what was shown.
        features: columns that say something of the reward of a row whatever is shown, such as its user's.
    """

    reward_range: tuple[float, float] | None = None
    propensity_model: str | None = None
    context: tuple[str, ...] = ()
    loggers: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    @property
    def takes_the_whole(self) -> bool:
        """Whether something is counted in all of the file before it is read."""
        return bool(self.loggers or self.features)


def open_source(
    path: Path, columns: ColumnMap = (), target_column: str | None = None, options: TableOptions | None = None
) -> Source:
    """Return the log at `path`: this project's own where there is a meta.json or decisions/, else a table.

    Args:
        path: a log's folder, or the file or folder of a table.
        columns: what the columns of a file are called, by the log's own names.
        target_column: column with the target's probability of each logged item.
        options: what is to be known of a table beyond its columns.

    Raises:
        DataError: nothing is there that can be read.
        SettingsError: columns are named for a log that has its own.
    """
    mapped = parse_columns(columns)
    own = path.is_dir() and ((path / "meta.json").exists() or (path / "decisions").exists())
    options = options or TableOptions()
    if own and (mapped or target_column):
        raise SettingsError(f"{path}: a log of this project's own format; it takes no column names")
    if own and options != TableOptions():
        raise SettingsError(
            f"{path}: a log of this project's own format; its meta.json has the reward range, its rows"
            " have propensities, and nothing is to be declared"
        )
    if own:
        return LogSource(path)
    if target_column is not None:
        mapped["target"] = target_column
    beside: list[Beside] = [Loggers(options.loggers)] if options.loggers else []
    beside += [Features(options.features)] if options.features else []
    known = options.reward_range, options.propensity_model, options.context, tuple(beside)
    return TableSource(_bandit_file(path), mapped, *known)


def _bandit_file(path: Path) -> Path:
    """Return the campaign's CSV of an Open Bandit folder, or `path` as it is."""
    inside = path / f"{path.name}.csv"
    return inside if (path / "item_context.csv").exists() and inside.exists() else path
