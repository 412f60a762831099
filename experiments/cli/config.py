"""Flags from a file: `--config study.toml` stands for the flags that the file names and the command line does not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FLAG = "--config"
_CODE = re.compile(r"\.py(:|$)|:[A-Za-z_]\w*(:|$)")  # of one's own, as file.py:NAME or package.module:NAME
_NAMES_PARTS = ("agents", "study", "target", "against", "estimators", "reward_model", "models", "use")


class ConfigError(Exception):
    """The file of flags cannot be used; the message is one sentence."""


def with_config(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with those of the file that `--config FILE` names, where there is one.

    Code of one's own is no flag for a file, which may come from somebody else: it is named on the command line itself.

    The file is TOML: `days = 100`, `agents = ["ease-greedy", "uniform"]`, `truth = true`; `study` and its like, which
    have no flag, by the name that help shows, in lower case.  What stands on the command line itself counts.

    Raises:
        ConfigError: there is no such file, it is not TOML, or it holds something else than flags.
    """
    words = list(arguments)
    if FLAG not in words:
        return words
    at = words.index(FLAG)
    if at + 1 >= len(words) or words[at + 1].startswith("--"):
        raise ConfigError(f"{FLAG}: name a TOML file")
    file = Path(words[at + 1])
    rest = words[:at] + words[at + 2 :]
    given = {word for word in rest if word.startswith("--")}
    plain = list[str]()
    flags = list[str]()
    for name, value in _read(file).items():
        _refuse_code(file, name, value)
        flag = f"--{name.replace('_', '-')}"
        if name in ("study", "log", "data", "ratings", "results"):
            plain += [str(value)] if len(rest) < 2 or rest[1].startswith("--") else []
        elif flag not in given and value is not False:
            flags += [flag, *_words(file, name, value)]
    return [*rest[:1], *plain, *rest[1:], *flags]


def _read(file: Path) -> dict[str, Any]:
    """Return what a TOML file holds."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{FLAG} {file}: no such file") from error
    except RecursionError as error:
        raise ConfigError(f"{FLAG} {file}: not TOML that can be read (it is nested too deep)") from error
    except (OSError, ValueError) as error:  # also of bytes that are no UTF-8, and of numbers of thousands of digits
        raise ConfigError(f"{FLAG} {file}: not TOML ({error})") from error


def _refuse_code(file: Path, name: str, value: Any) -> None:
    """Raise a ConfigError where a value names code to import."""
    values: list[Any] = value if isinstance(value, list) else [value]
    for part in values if name.replace("-", "_") in _NAMES_PARTS else ():
        if isinstance(part, str) and _CODE.search(part):
            raise ConfigError(
                f"{FLAG} {file}: {name} names code ({part}), which is run only where a person names it; give "
                f"--{name.replace('_', '-')} on the command line"
            )


def _words(file: Path, name: str, value: Any) -> list[str]:
    """Return the words of a flag's value."""
    if value is True:
        return []
    if isinstance(value, list):
        return [word for part in value for word in _words(file, name, part)]
    if isinstance(value, str | int | float):
        return [str(value)]
    raise ConfigError(f"{FLAG} {file}: {name} is no flag's value; allowed are text, numbers, true and lists of them")
