"""The log: a folder of Parquet files that says what was shown, with which probability, and what came of it.

meta.json                     what made the log and how much it holds; written last, so a folder without it was cut off
decisions/part-00000.parquet  one row per slot shown
users.parquet                 one row per user, also those who never came
items.parquet                 topic and release day of each item
organic.parquet               what users did before the log began (no propensities, never valued); may be absent
truth.parquet                 what only a simulator knows; may be absent
"""

from serendip.simulator.logs.contents import seal
from serendip.simulator.logs.reading import Log, open_log
from serendip.simulator.logs.schema import DECISIONS, SCHEMA_VERSION, STATE, Decisions, LogContents, LogMeta
from serendip.simulator.logs.writing import LogWriter, organic_table

__all__ = [
    "DECISIONS",
    "SCHEMA_VERSION",
    "STATE",
    "Decisions",
    "Log",
    "LogContents",
    "LogMeta",
    "LogWriter",
    "open_log",
    "organic_table",
    "seal",
]
