"""What makes a world: one frozen dataclass, written as JSON; the preset worlds and the folders of fitted ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, cast

from serendip.simulator.cards import installed
from serendip.simulator.catalogue import CatalogueSettings, HidingRules
from serendip.simulator.choice import make_choice
from serendip.simulator.dynamics import make_dynamics
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.population import PopulationSettings
from serendip.simulator.ranges import Range, check_ranges
from serendip.simulator.settings_json import read_json, settings_from_json

MOST_BYTES = 20_000_000_000
BYTES_OF_PAIR, BYTES_OF_USER = 16, 64  # of a user and a topic; of a user alone


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """A world, but for its seed."""

    name: str = "default"
    summary: str = ""
    """One sentence for a person who chooses among worlds."""
    slate_size: Annotated[int, Range(least=1)] = 5
    """Items shown at once."""
    mean_slates: Annotated[float, Range(least=1, most=50)] = 3.0
    """Slates per visit, on average: 1 + Poisson(mean - 1)."""
    weekday: tuple[float, ...] = ()
    """Factors on everybody's rate of visits, one for each day of the week from the first; empty: all 1."""
    catalogue: CatalogueSettings = field(default_factory=CatalogueSettings)
    population: PopulationSettings = field(default_factory=PopulationSettings)
    choice: dict[str, Any] = field(default_factory=lambda: {"kind": "multinomial-logit"})
    """Settings of the choice model; `kind` names it."""
    dynamics: dict[str, Any] = field(default_factory=lambda: {"kind": "repertoire"})
    """Settings of the dynamics; `kind` names it."""
    hides: HidingRules = field(default_factory=HidingRules)
    """What is not shown again to who clicked it or saw it too often."""
    known_from: Annotated[float, Range(above=0, below=1)] = 0.25
    """Repertoire from which a topic counts as known; crossing it is a discovery."""
    fitted: str | None = None
    """File with the items and people of a fitted world, beside the world's JSON; None: they are drawn."""

    def __post_init__(self) -> None:
        check_ranges(self, f"world {self.name!r}")
        self._check_slates()
        self._check_size()
        if self.weekday and (len(self.weekday) != 7 or not all(0.0 <= factor <= 100.0 for factor in self.weekday)):
            raise SettingsError(
                f"world {self.name!r}: weekday is {list(self.weekday)}; allowed is none or 7 factors of 0 to 100"
            )
        make_choice(self.choice)
        make_dynamics(self.dynamics)

    def _check_slates(self) -> None:
        """Raise a SettingsError where a slate does not fit into the catalogue of the first day."""
        if self.slate_size > self.catalogue.n_items:
            raise SettingsError(
                f"world {self.name!r}: slate_size is {self.slate_size}; allowed is 1 to the catalogue's "
                f"{self.catalogue.n_items} items"
            )
        if self.slate_size > self.catalogue.n_first:
            raise SettingsError(
                f"world {self.name!r}: slate_size is {self.slate_size}, but only {self.catalogue.n_first} items are "
                "there on the first day; lower it, or catalogue.new_share"
            )

    def _check_size(self) -> None:
        """Raise a SettingsError where the world would need more memory than a machine is likely to have."""
        people, items = self.population, self.catalogue
        n_users = people.n_users + int(people.inflow_per_day * people.inflow_days)
        n_bytes = n_users * (BYTES_OF_PAIR * items.n_topics + BYTES_OF_USER + self.hides.bytes_of_pair * items.n_items)
        if n_bytes > MOST_BYTES:
            raise SettingsError(
                f"world {self.name!r}: {n_users:,} users x {items.n_topics:,} topics would take "
                f"{n_bytes / 1e9:,.0f} GB of memory; allowed is {MOST_BYTES / 1e9:.0f} GB: take fewer topics or users"
                + (", or fewer items, of which it hides some by user" if self.hides.any else "")
            )


def preset_names() -> list[str]:
    """Return the names of the worlds that come with the package."""
    folder = resources.files("serendip.simulator") / "worlds"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def world_names() -> list[str]:
    """Return the names of all worlds: the presets, and those of installed packages."""
    return list(dict.fromkeys([*preset_names(), *installed("world")]))


def read_world(world: str | Path) -> tuple[WorldSettings, Path | None]:
    """Return the settings of a world by its name, or of that in a folder or a JSON file, and that folder, if any.

    A name is that of a preset, or of an entry point in the group `serendip.worlds`, which holds a path, a dictionary as
    a world's JSON has it, or `WorldSettings`.  A world's JSON may name a preset as its `base`; what it leaves out is
    as it is there.

    Raises:
        SettingsError: the name is no preset, no folder with a `world.json` and no JSON file, or a setting is wrong.
        DataError: the file is not a world.
    """
    if str(world) in preset_names():
        return settings_from_json(WorldSettings, _preset(str(world)), f"world {world}"), None
    if (plugged := installed("world").get(str(world))) is not None:
        return _plugged(str(world), plugged())
    path = Path(world)
    if path.is_dir():
        path = path / "world.json"
        if not path.exists():
            raise DataError(f"{world}: no world.json; not a world")
    elif path.suffix != ".json":
        known = ", ".join(world_names())
        raise SettingsError(f"unknown world {str(world)!r}; known: {known}, a folder or a JSON file")
    values = read_json(path)
    try:
        return settings_from_json(WorldSettings, _with_base(values, str(path)), str(path)), path.parent
    except SettingsError as error:
        raise SettingsError(str(error) if str(path) in str(error) else f"{path}: {error}") from error


def _plugged(name: str, found: Any) -> tuple[WorldSettings, Path | None]:
    """Return the settings of a world that an installed package offers."""
    if isinstance(found, WorldSettings):
        return found, None
    if isinstance(found, dict):
        return settings_from_json(WorldSettings, _with_base(found, f"world {name}"), f"world {name}"), None
    if isinstance(found, str | Path) and Path(found).exists():
        return read_world(Path(found))
    raise SettingsError(f"world {name}: the plug-in holds {found!r}; allowed is a path, a dictionary or WorldSettings")


def _preset(name: str) -> dict[str, Any]:
    """Return a preset's JSON, laid over the preset that its `base` names."""
    path = resources.files("serendip.simulator") / "worlds" / f"{name}.json"
    return _with_base(read_json(Path(str(path))), f"world {name}")


def _with_base(values: Any, where: str) -> Any:
    """Return a world's JSON laid over the preset that its `base` names; a world has a name and a summary of its own."""
    if not isinstance(values, dict) or "base" not in values:
        return values
    given = dict(cast("dict[str, Any]", values))
    base = given.pop("base")
    if base not in preset_names():
        raise SettingsError(f"{where}: unknown base {base!r}; known worlds: {', '.join(preset_names())}")
    below = _preset(base)
    return _overlay({key: value for key, value in below.items() if key not in ("name", "summary")}, given)


def _overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `above` laid over `below`, object by object; an object of another `kind` replaces the one below."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            lower, upper = cast("dict[str, Any]", old), cast("dict[str, Any]", value)
            same_kind = upper.get("kind", lower.get("kind")) == lower.get("kind")
            merged[key] = _overlay(lower, upper) if same_kind else upper
        else:
            merged[key] = value
    return merged
