"""Every agent by its name: made anew, or read back as it was saved."""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
import typing
from pathlib import Path
from typing import Any

import numpy as np

from serendip.agents.presets import BELIEFS, GENERAL, MODEL_OF, MODELS, PRESETS, STRATEGIES
from serendip.agents.recommender import Recommender, RecommenderSettings
from serendip.agents.saving import read_folder
from serendip.simulator import randomness
from serendip.simulator.interface import (
    DataError,
    Items,
    SettingsError,
    settings_from_json,
    settings_to_json,
)

_PARTS = ("model", "belief", "strategy")


def names() -> list[str]:
    """Return the names of all presets."""
    return list(PRESETS)


def make(name: str, items: Items, slate_size: int, seed: int, **overrides: Any) -> Recommender:
    """Return a new agent.

    Args:
        name: a preset, or a strategy to combine with `belief=` and `model=`.
        items: what the site knows of its catalogue.
        slate_size: slots of a slate.
        seed: of all that is random in how it learns.
        overrides: settings other than the preset's: `epsilon`, `belief`, `model`, or a setting of one of these; one
            that two of them have is told apart as in `{"model.penalty": 100.0}`.

    Raises:
        SettingsError: an unknown name or setting (the known ones are listed), or a value out of its range.
    """
    presets = PRESETS | GENERAL
    if name not in presets:
        raise SettingsError(f"unknown agent {name!r}; known agents: {', '.join(presets)}")
    return build(_settings(name, presets[name], overrides), items, slate_size, seed)


def build(settings: RecommenderSettings, items: Items, slate_size: int, seed: int) -> Recommender:
    """Return a new agent of those settings."""
    belief_class = _resolve("belief", settings.belief)
    belief_settings = _parse(belief_class, settings.belief_settings, "belief_settings")

    def new_model(*stream: str | int) -> Any:
        if settings.model is None:
            raise SettingsError(f"the belief {settings.belief!r} is about a model; known models: {', '.join(MODELS)}")
        card = _resolve("model", settings.model)
        options = settings_from_json(type(card.settings), settings.model_settings, "model_settings")
        if hasattr(options, "seed"):
            options = dataclasses.replace(options, seed=_seed(seed, "model", *stream, options.seed))
        return card.build(options)

    belief = _construct(
        belief_class, settings=belief_settings, new_model=new_model, seed=_seed(seed, "belief"), items=items
    )
    strategy_class = _resolve("strategy", settings.strategy)
    strategy = strategy_class(_parse(strategy_class, settings.strategy_settings, "strategy_settings"))
    return Recommender(settings, items, slate_size, seed, belief, strategy)


def load(path: Path) -> Recommender:
    """Return the agent saved in the folder `path`, as it was, to the last bit.

    Raises:
        DataError: the folder does not hold a whole agent.
    """
    head, arrays = read_folder(path)
    try:
        settings = settings_from_json(RecommenderSettings, head.get("settings"), str(path / "agent.json"))
        items = Items(arrays["items.topic"], arrays["items.released"])
        agent = build(settings, items, int(head["slate_size"]), int(head["seed"]))
        agent.restore(int(head["version"]), arrays)
    except KeyError as error:
        raise DataError(f"{path}: the saved agent lacks {error}; save it again") from error
    return agent


def _settings(name: str, preset: dict[str, Any], overrides: dict[str, Any]) -> RecommenderSettings:
    """Return the settings of a preset with overrides, each put where it belongs."""
    chosen = preset | {key: value for key, value in overrides.items() if key in ("belief", "model", "epsilon")}
    if "belief" in overrides and "model" not in overrides:
        chosen["model"] = MODEL_OF.get(chosen["belief"])
    kinds = {part: _resolve(part, chosen[part]) for part in _PARTS if chosen.get(part) is not None}
    known = {part: _known_settings(kind) for part, kind in kinds.items()}
    filled: dict[str, dict[str, Any]] = {part: dict(chosen.pop(f"{part}_settings", {})) for part in _PARTS}
    for key, value in overrides.items():
        if key in ("belief", "model", "epsilon"):
            continue
        part, _, rest = key.rpartition(".")
        places = [p for p in known if rest in known[p] and part in ("", p)]
        if not places:
            listed = ["epsilon", "belief", "model", *(f"{p}.{k}" for p in known for k in known[p])]
            raise SettingsError(f"agent {name!r}: unknown setting {key!r}; known settings: {', '.join(listed)}")
        if len(places) > 1:
            raise SettingsError(f"agent {name!r}: {key!r} is a setting of {' and '.join(places)}; write PART.{key}")
        filled[places[0]][rest] = value
    full = {f"{part}_settings": _full(kinds[part], filled[part], f"agent {name!r}") for part in kinds}
    return settings_from_json(RecommenderSettings, {"name": name} | chosen | full, f"agent {name!r}")


def _resolve(part: str, kind: str) -> Any:
    """Return the class called `kind`; of a model, its card."""
    known = {"model": MODELS, "belief": BELIEFS, "strategy": STRATEGIES}[part]
    if kind not in known:
        raise SettingsError(f"unknown {part} {kind!r}; known: {', '.join(known)}")
    return pkgutil.resolve_name(known[kind])


def _settings_class(kind: Any) -> Any:
    """Return the settings dataclass of a model's card, or of a belief or strategy class."""
    if isinstance(kind, type):
        return typing.get_type_hints(kind.__init__)["settings"]
    return type(kind.settings)


def _known_settings(kind: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(_settings_class(kind))]


def _parse(kind: Any, values: dict[str, Any], where: str) -> Any:
    return settings_from_json(_settings_class(kind), values, where)


def _full(kind: Any, values: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the settings with every default written out, so that a saved agent outlives a change of defaults."""
    return settings_to_json(_parse(kind, values, where))


def _construct(kind: Any, **offered: Any) -> Any:
    """Return `kind` made with those of the offered arguments that it asks for."""
    asked = inspect.signature(kind.__init__).parameters
    if "model" in asked:
        offered["model"] = offered["new_model"]()
    return kind(**{name: value for name, value in offered.items() if name in asked})


def _seed(seed: int, *stream: str | int) -> int:
    """Return the seed (non-negative 31-bit) of a stream, which torch takes as well."""
    return int(np.int64(randomness.derive(seed, "agent", *stream)) & 0x7FFFFFFF)
