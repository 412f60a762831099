"""Settings as JSON, read back strictly, and JSON files written whole."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.files import write_whole

S = TypeVar("S")


def settings_to_json(settings: Any) -> dict[str, Any]:
    """Return a settings dataclass as plain JSON values, nested as it is."""
    return json.loads(json.dumps(dataclasses.asdict(settings)))


def settings_from_json(kind: type[S], values: Any, where: str) -> S:
    """Build the settings dataclass `kind` from JSON values, strictly.

    Args:
        values: a JSON object; what it leaves out keeps its default.
        where: named in the error, such as a file and the path inside it.

    Raises:
        SettingsError: an unknown key (the known ones are listed), a missing one, or a value of another type.
    """
    if not isinstance(values, dict):
        raise SettingsError(f"{where}: expected an object with the settings of {kind.__name__}, got {values!r}")
    given = typing.cast("dict[str, Any]", values)
    hints = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(typing.cast(Any, kind))]
    for name in given:
        if name not in known:
            raise SettingsError(f"{where}: unknown setting {name!r}; known settings: {', '.join(known)}")
    parsed = {name: _parse(hints[name], value, f"{where}.{name}") for name, value in given.items()}
    try:
        return kind(**parsed)
    except TypeError as error:
        raise SettingsError(f"{where}: {error}") from error


def _parse(hint: Any, value: Any, where: str) -> Any:
    """Return `value` as the annotated type `hint`, or raise a SettingsError that names the place."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        options = typing.get_args(hint)
        if value is None and type(None) in options:
            return None
        return _parse(next(option for option in options if option is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise SettingsError(f"{where}: expected a list, got {value!r}")
        inner = typing.get_args(hint)[0]
        return tuple(_parse(inner, v, f"{where}[{i}]") for i, v in enumerate(typing.cast("list[Any]", value)))
    if origin is typing.Literal:
        allowed = typing.get_args(hint)
        if value not in allowed:
            raise SettingsError(f"{where}: {value!r} is not one of {', '.join(map(str, allowed))}")
        return value
    if dataclasses.is_dataclass(hint):
        return settings_from_json(typing.cast("type[Any]", hint), value, where)
    if origin is dict and not isinstance(value, dict):
        raise SettingsError(f"{where}: expected an object with settings, got {value!r}")
    if origin is dict or hint is Any:
        return value
    wanted = (int, float) if hint is float else hint
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise SettingsError(f"{where}: expected {hint.__name__}, got {value!r}")
    try:
        return float(typing.cast("float", value)) if hint is float else value
    except OverflowError as error:
        raise SettingsError(f"{where}: a whole number of {len(str(value))} digits is too large") from error


def read_json(path: Path) -> Any:
    """Return the JSON value in `path`, strictly: UTF-8, each key of an object once, numbers as JSON has them.

    Raises:
        DataError: the file is missing or is not such JSON; the message names it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except RecursionError as error:
        raise DataError(f"{path}: not JSON that can be read (it is nested too deep)") from error
    except ValueError as error:  # also of bytes that are no UTF-8, and of whole numbers of thousands of digits
        raise DataError(f"{path}: not valid JSON ({error})") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, each of whose keys stands once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return values


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON to `path`, all or nothing."""
    write_whole(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
