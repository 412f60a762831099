"""Cards and registries: a part of the laboratory is one file that ends with its card, and one line in a registry.

A registry maps names to lazy strings (`"serendip.agents.strategies.thompson:CARD"`), so that what is not asked for is
not imported.  Parts from outside come in through `admit`, because a person named them, or as an entry point of an
installed package; no name that is read from a file makes code be imported.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import importlib.metadata
import importlib.util
import inspect
import itertools
import pkgutil
import sys
import textwrap
import typing
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from serendip.simulator.errors import SettingsError
from serendip.simulator.ranges import ranges_of

OF_FILE = "serendip_file_"  # how the names of modules begin that are imported from a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a person who chooses, the command line and the contract tests need to know of a part.

    Attributes:
        name: what the part is called.
        summary: one sentence for a person who chooses: what it is good for.
        make: what makes one; which arguments it takes is said by the registry of its kind.
        settings: its settings with their defaults, an instance of a frozen dataclass; None where it has none.
        needs: what it cannot do without, in the words of its kind.
        small: settings of an instance small enough for a contract test, as JSON values; the others keep their defaults.
    """

    name: str
    summary: str
    make: Callable[..., Any]
    settings: Any = None
    needs: tuple[str, ...] = ()
    small: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def options(self) -> list[Option]:
        """Return the settings one by one, each with its default, its range and what it is."""
        return [] if self.settings is None else options_of(self.settings)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a part.

    Attributes:
        name: what it is called.
        kind: its type, in words.
        default: its value where nothing is said.
        allowed: the range in words; empty where any value of its type is allowed.
        about: what it is, as the settings' documentation says; empty where that says nothing.
    """

    name: str
    kind: str
    default: Any
    allowed: str
    about: str = ""


def options_of(settings: Any) -> list[Option]:
    """Return the fields of a settings dataclass one by one, with the values of the instance `settings`."""
    kind = type(settings)
    hints, about = typing.get_type_hints(kind), _attributes(kind)
    return [
        Option(
            item.name,
            _words(hints[item.name]),
            getattr(settings, item.name),
            str(ranges_of(kind).get(item.name, "")),
            about.get(item.name, ""),
        )
        for item in dataclasses.fields(kind)
    ]


def _words(hint: Any) -> str:
    """Return a type in words: the choices of a `Literal`, or its name."""
    choices = [str(value) for part in (hint, *typing.get_args(hint)) for value in _choices(part)]
    return " | ".join(choices) or (hint.__name__ if isinstance(hint, type) else str(hint))


def _choices(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else ()


def _attributes(kind: type[Any]) -> dict[str, str]:
    """Return what the `Attributes:` of the docstring of `kind`, or the strings below its fields, say of each field."""
    lines = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2].splitlines()
    found, name = dict[str, str](), ""
    for line in lines:
        head, colon, rest = line.strip().partition(": ")
        if colon and line.startswith("    ") and not line.startswith("     "):
            name, found[head] = head, rest
        elif name and line.startswith("     "):
            found[name] += " " + line.strip()
        else:
            break
    return found or _strings_below(kind)


def _strings_below(kind: type[Any]) -> dict[str, str]:
    """Return the strings that stand below the fields of `kind` in its file, by field."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = typing.cast(ast.ClassDef, tree.body[0]).body
    return {
        ast.unparse(field.target): ast.literal_eval(below.value)
        for field, below in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }


C = TypeVar("C", bound=Card)


class Registry(Mapping[str, str], Generic[C]):
    """The parts of one kind by their names.  As a mapping, names and the lazy strings of the parts that are shipped."""

    def __init__(self, kind: str, card: type[C], shipped: dict[str, str], *, card_of: str | None = None) -> None:
        """Hold the parts that are shipped.

        Args:
            kind: what one of them is called, such as `strategy`; installed packages offer theirs as entry points in the
                group `serendip.strategies`, that is `serendip.` and the plural.
            card: the class of their cards.
            shipped: lazy strings by name, written out, so that a test can see each.
            card_of: lazy string of what makes a card of something else from outside, such as a class, and its name.
        """
        self.kind = kind
        self.group = f"serendip.{_plural(kind)}"
        self._type = card
        self._shipped = shipped
        self._card_of = card_of
        self._admitted = dict[str, C]()

    def __getitem__(self, name: str) -> str:
        return self._shipped[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shipped)

    def __len__(self) -> int:
        return len(self._shipped)

    def names(self) -> list[str]:
        """Return all names: shipped, installed as a plug-in, admitted."""
        return list(dict.fromkeys([*self._shipped, *_entry_points(self.group), *self._admitted]))

    def known(self, name: str) -> bool:
        """Return whether `name` is a part of this kind; imports nothing."""
        return name in self._shipped or name in self._admitted or name in _entry_points(self.group)

    def card(self, name: str) -> C:
        """Return the card of the part called `name`.

        Raises:
            SettingsError: there is no such part (the known ones are listed), or a plug-in that does not hold a card.
        """
        if name in self._shipped:
            return pkgutil.resolve_name(self._shipped[name])
        if name in self._admitted:
            return self._admitted[name]
        if name in _entry_points(self.group):
            return self._as_card(_load(_entry_points(self.group)[name]), name)
        raise SettingsError(f"unknown {self.kind} {name!r}; known: {', '.join(self.names())}")

    def cards(self) -> list[C]:
        """Return the cards of all parts; imports them."""
        return [self.card(name) for name in self.names()]

    def admit(self, part: str | C) -> C:
        """Take in a part from outside that a person named, and return its card.

        Args:
            part: a card, or where one is: `file.py:CARD` or `package.module:CARD`.

        Raises:
            SettingsError: nothing is there, it is no card of this kind, or its name is one that is shipped.
        """
        card = self._as_card(find(part) if isinstance(part, str) else part, str(part))
        if card.name in self._shipped:
            raise SettingsError(
                f"the {self.kind} {card.name!r} of {card.make.__module__} has the name of a shipped one"
            )
        self._admitted[card.name] = card
        return card

    def admitted(self) -> list[C]:
        """Return the cards of the parts that were admitted."""
        return list(self._admitted.values())

    def takes(self, part: Any) -> bool:
        """Return whether `part` is a card of this kind."""
        return isinstance(part, self._type)

    def dismiss(self, name: str) -> None:
        """Forget the part called `name` that was admitted."""
        self._admitted.pop(name, None)

    def _as_card(self, found: Any, where: str) -> C:
        if not isinstance(found, self._type) and self._card_of is not None:
            found = pkgutil.resolve_name(self._card_of)(found, where)
        if not isinstance(found, self._type):
            raise SettingsError(f"{where}: expected a {self._type.__name__}, the card of a {self.kind}, got {found!r}")
        return found


def find(reference: str) -> Any:
    """Return what `file.py:Name` or `package.module:Name` names, importing it.  Only for what a person named.

    Raises:
        SettingsError: there is no such file, module or name, or importing it failed.
    """
    where, colon, name = reference.rpartition(":")
    if not colon or not where or not name:
        raise SettingsError(f"{reference!r}: expected FILE.py:NAME or PACKAGE.MODULE:NAME")
    try:
        module = module_of_file(Path(where)) if where.endswith(".py") else importlib.import_module(where)
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(f"{where}: importing it failed ({type(error).__name__}: {error})") from error
    if not hasattr(module, name):
        public = ", ".join(sorted(key for key in vars(module) if not key.startswith("_")))
        raise SettingsError(f"{where} has no {name!r}; it has {public or 'nothing'}")
    return getattr(module, name)


def module_of_file(path: Path) -> ModuleType:
    """Return the module in the file `path`, imported once under a name of its own."""
    path = path.resolve()
    if not path.is_file():
        raise SettingsError(f"{path}: no such file")
    name = f"{OF_FILE}{path.stem}_{zlib.crc32(str(path).encode()):08x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SettingsError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def installed(kind: str) -> dict[str, Callable[[], Any]]:
    """Return what installed packages offer of a kind, such as `world`: what loads each, by name."""
    points = _entry_points(f"serendip.{_plural(kind)}")
    return {name: functools.partial(_load, point) for name, point in points.items()}


@functools.cache
def _entry_points(group: str) -> dict[str, importlib.metadata.EntryPoint]:
    """Return what installed packages offer in `group`, by name."""
    return {point.name: point for point in importlib.metadata.entry_points(group=group)}


def _load(point: importlib.metadata.EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as error:
        raise SettingsError(f"plug-in {point.value}: importing it failed ({type(error).__name__}: {error})") from error


def _plural(word: str) -> str:
    """Return the plural of a kind, such as `strategies` for `strategy`."""
    if word.endswith("s"):
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
