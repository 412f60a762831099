"""Whether a log's propensities are the probabilities that they say they are, and what this log could not show."""

from __future__ import annotations

from pathlib import Path

from serendip.experiments.offline.judging.audit.answer import Audit, Check, Power
from serendip.experiments.offline.judging.audit.inquiry import audit_source
from serendip.experiments.offline.reading.column_map import ColumnMap

__all__ = ["Audit", "Check", "Power", "audit"]


def audit(log: Path, columns: ColumnMap = ()) -> Audit:
    """Return what can be said of the propensities of the log in the folder `log`, or of one's own table.

    Args:
        log: a log's folder, a Parquet or CSV file, or a folder of Parquet parts.
        columns: what the columns of a file are called, by the log's own names; the item's is needed.

    Raises:
        DataError: no log is there, or it holds no slot.
        SettingsError: columns are named for a log that has its own.
    """
    from serendip.experiments.offline.reading.log_source import LogSource
    from serendip.experiments.offline.reading.opening import open_source
    from serendip.experiments.offline.reading.table_source import TableSource

    source = open_source(log, columns)
    assert isinstance(source, LogSource | TableSource)
    return audit_source(source)
