"""Words on a command line turned into a subcommand with its flags."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from typing import Any

import tyro
from tyro._errors import ParseErrorEvent, on_parse_error

from serendip.experiments.cli.commands import COMMANDS, Command
from serendip.experiments.cli.complaints import sentence
from serendip.experiments.cli.config import ConfigError, with_config
from serendip.experiments.cli.voice import ALSO

ABOUT = (
    "A laboratory for exploration in recommender systems: simulated users whose activity grows with discovery, "
    "agents that know what they do not know, and off-policy evaluation from logs."
)


class UsageError(Exception):
    """The command line cannot be understood; the message is one sentence."""


def parse(arguments: Sequence[str]) -> Command | None:
    """Return the subcommand that `arguments` name, or None when they asked for help or the version, now printed.

    Raises:
        UsageError: an unknown subcommand or flag, or a value that cannot be one.
    """
    if list(arguments) == ["--version"]:
        from serendip import __version__

        print(f"serendip {__version__}")
        return None
    try:
        arguments = with_config(arguments)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    kinds: dict[str, Any] = {name: pkgutil.resolve_name(path) for name, path in COMMANDS.items()}

    def complain(event: ParseErrorEvent) -> None:
        raise UsageError(sentence(event, arguments, kinds))

    try:
        with on_parse_error(complain):
            return tyro.extras.subcommand_cli_from_dict(
                kinds,
                prog="serendip",
                description=ABOUT,
                args=list(arguments) or ["--help"],
                config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
            )
    except SystemExit:  # after the help
        if "--help" in arguments or "-h" in arguments or not arguments:
            print(ALSO)
        return None
