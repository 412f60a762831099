"""What makes a world: one frozen dataclass, written as JSON; the preset worlds and the folders of fitted ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, cast

from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.choice import make_choice
from serendip.simulator.dynamics import make_dynamics
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.population import PopulationSettings
from serendip.simulator.settings_json import read_json, settings_from_json

MOST_PAIRS = 1_000_000_000  # of users and topics: 16 GB


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """A world, but for its seed."""

    name: str = "default"
    slate_size: int = 5
    """Items shown at once."""
    mean_slates: float = 3.0
    """Slates per visit, on average: 1 + Poisson(mean - 1)."""
    weekday: tuple[float, ...] = ()
    """Factors on everybody's rate of visits, one for each day of the week from the first; empty: all 1."""
    catalogue: CatalogueSettings = field(default_factory=CatalogueSettings)
    population: PopulationSettings = field(default_factory=PopulationSettings)
    choice: dict[str, Any] = field(default_factory=lambda: {"kind": "multinomial-logit"})
    """Settings of the choice model; `kind` names it."""
    dynamics: dict[str, Any] = field(default_factory=lambda: {"kind": "repertoire"})
    """Settings of the dynamics; `kind` names it."""
    known_from: float = 0.25
    """Repertoire from which a topic counts as known; crossing it is a discovery."""
    fitted: str | None = None
    """File with the items and people of a fitted world, beside the world's JSON; None: they are drawn."""

    def __post_init__(self) -> None:
        if not 1 <= self.slate_size <= self.catalogue.n_items:
            raise SettingsError(
                f"world {self.name!r}: slate_size is {self.slate_size}; allowed is 1 to the catalogue's "
                f"{self.catalogue.n_items} items"
            )
        if not 1.0 <= self.mean_slates <= 50.0:
            raise SettingsError(f"world {self.name!r}: mean_slates is {self.mean_slates}; allowed is 1 to 50")
        if not 0.0 < self.known_from < 1.0:
            raise SettingsError(f"world {self.name!r}: known_from is {self.known_from}; allowed is above 0 and below 1")
        people = self.population
        n_users = people.n_users + int(people.inflow_per_day * people.inflow_days)
        if n_users * self.catalogue.n_topics > MOST_PAIRS:
            raise SettingsError(
                f"world {self.name!r}: {n_users:,} users x {self.catalogue.n_topics:,} topics; allowed "
                f"is {MOST_PAIRS:,} pairs, 16 bytes each: take fewer topics or users"
            )
        if self.weekday and (len(self.weekday) != 7 or not all(0.0 <= factor <= 100.0 for factor in self.weekday)):
            raise SettingsError(
                f"world {self.name!r}: weekday is {list(self.weekday)}; allowed is none or 7 factors of 0 to 100"
            )
        if self.slate_size > self.catalogue.n_first:
            raise SettingsError(
                f"world {self.name!r}: slate_size is {self.slate_size}, but only {self.catalogue.n_first} items are "
                "there on the first day; lower it, or catalogue.new_share"
            )
        make_choice(self.choice)
        make_dynamics(self.dynamics)


def preset_names() -> list[str]:
    """Return the names of the worlds that come with the package."""
    folder = resources.files("serendip.simulator") / "worlds"
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def read_world(world: str | Path) -> tuple[WorldSettings, Path | None]:
    """Return the settings of a preset world, or of the world in a folder, and that folder.

    Raises:
        SettingsError: the name is no preset and no folder with a `world.json`.
        DataError: the folder's file is not a world.
    """
    if str(world) in preset_names():
        return settings_from_json(WorldSettings, _preset(str(world)), f"world {world}"), None
    folder = Path(world)
    if not folder.is_dir():
        raise SettingsError(f"unknown world {str(world)!r}; known: {', '.join(preset_names())}, or a folder")
    path = folder / "world.json"
    if not path.exists():
        raise DataError(f"{folder}: no world.json; not a world")
    values = read_json(path)
    try:
        return settings_from_json(WorldSettings, values, str(path)), folder
    except SettingsError as error:
        raise SettingsError(str(error) if str(path) in str(error) else f"{path}: {error}") from error


def _preset(name: str) -> dict[str, Any]:
    """Return a preset's JSON, laid over the preset that its `base` names."""
    path = resources.files("serendip.simulator") / "worlds" / f"{name}.json"
    values = cast("dict[str, Any]", read_json(Path(str(path))))
    base = values.pop("base", None)
    return _overlay(_preset(base), values) if base else values


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
