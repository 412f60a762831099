"""The errors that people can mend: each says what was given, what is allowed and what to do."""

from __future__ import annotations


class SerendipError(Exception):
    """Something was given that cannot work; the message says what, what is allowed and what to do."""


class SettingsError(SerendipError):
    """A setting, a name or a flag is unknown or out of its range."""


class DataError(SerendipError):
    """A file or a table is not what it should be; the message names the file and the row."""


class TooLittleError(SerendipError):
    """A result is less than what was required of it; the command line ends with exit code 3."""


class ThreadError(SerendipError):
    """Two threads used one environment, or one server, at the same time."""
