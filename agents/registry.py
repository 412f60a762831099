"""Every agent by its name: made anew, or read back as it was saved."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serendip.agents import AGENTS
from serendip.agents.beliefs import BELIEFS
from serendip.agents.cards import AgentCard, Making
from serendip.agents.models import MODELS
from serendip.agents.recommender import Recommender, RecommenderSettings
from serendip.agents.saving import read_folder
from serendip.agents.strategies import STRATEGIES
from serendip.simulator import randomness
from serendip.simulator.cards import Card, Option, Registry, options_of
from serendip.simulator.errors import DataError, SettingsError
from serendip.simulator.interface import Items
from serendip.simulator.settings_json import settings_from_json, settings_to_json

_PARTS = ("model", "belief", "strategy")
_OWN = ("epsilon", "hypothesis", "device", "clicked_again", "most_showings", *_PARTS)


def names() -> list[str]:
    """Return what `make` knows: named agents, then strategies, each of which is an agent with its usual belief."""
    return list(dict.fromkeys([*AGENTS.names(), *STRATEGIES.names()]))


def make(name: str, items: Items, slate_size: int, seed: int, **overrides: Any) -> Any:
    """Return a new agent: a `Recommender`, or an agent of one's own.

    Args:
        name: a named agent, or a strategy to combine with `belief=` and `model=`.
        items: what the site knows of its catalogue.
        slate_size: slots of a slate.
        seed: of all that is random in how it learns.
        overrides: settings other than the agent's own: `epsilon`, `hypothesis`, `device`, `clicked_again`,
            `most_showings`, `belief`, `model`, or a setting of one of these; one that two of them have is told apart as
            in `{"model.penalty": 100.0}`.

    Raises:
        SettingsError: an unknown name or setting (the known ones are listed), or a value out of its range.
    """
    card = described(name)
    if card.strategy is None:
        return card.make(items, slate_size, seed, **overrides)
    return build(_settings(name, card.parts(), overrides), items, slate_size, seed)


def read_name(text: str, others: Sequence[str] = ()) -> tuple[str, dict[str, Any]]:
    """Return the name and the settings that `NAME` or `NAME:SETTING=VALUE,SETTING=VALUE` says, values in JSON.

    NAME is a registered agent, `file.py:Class`, `package.module:Class`, or the folder of a saved agent; nothing is
    imported.

    Args:
        text: as it is written on a command line.
        others: names that are known besides those of `names`.

    Raises:
        SettingsError: a setting has no value, or is given twice.
    """
    name, _, rest = text.partition(":")
    own, _, settings = rest.partition(":")
    if own and own.isidentifier() and name not in (*names(), *others):
        name, rest = f"{name}:{own}", settings
    overrides = dict[str, Any]()
    for part in filter(None, rest.split(",")):
        setting, given, value = part.partition("=")
        if not given:
            raise SettingsError(f"agent {text!r}: {part!r} has no value; write SETTING=VALUE")
        if setting in overrides:
            raise SettingsError(f"agent {text!r}: {setting} is given twice; give it once")
        try:
            overrides[setting] = json.loads(value)
        except (ValueError, RecursionError):  # no JSON, or a number of thousands of digits
            overrides[setting] = value
    return name, overrides


def described(name: str) -> AgentCard:
    """Return the card of the agent called `name`; of a strategy, that of its agent with the usual belief and model.

    Raises:
        SettingsError: neither an agent nor a strategy has that name; the known ones are listed.
    """
    if AGENTS.known(name):
        return AGENTS.card(name)
    if not STRATEGIES.known(name):
        raise SettingsError(f"unknown agent {name!r}; known agents: {', '.join(names())}")
    own = STRATEGIES.card(name)
    return AgentCard(
        name=name,
        summary=own.summary,
        strategy=name,
        belief=own.belief,
        model=BELIEFS.card(own.belief).model,
        epsilon=own.epsilon,
    )


def options(name: str) -> list[Option]:
    """Return the settings of the agent called `name`, those of its parts as `model.latent`, with the agent's values.

    Raises:
        SettingsError: there is no such agent.
    """
    card = described(name)
    if card.strategy is None:
        return card.options()
    settings = _settings(name, card.parts(), {})
    own = [option for option in options_of(settings) if option.name in _OWN]
    parts = [(part, _Part(part, getattr(settings, part))) for part in _PARTS if getattr(settings, part) is not None]
    of_parts = [
        dataclasses.replace(option, name=f"{part}.{option.name}")
        for part, kind in parts
        for option in options_of(kind.parse(getattr(settings, f"{part}_settings"), name))
    ]
    return [*own, *of_parts]


def build(settings: RecommenderSettings, items: Items, slate_size: int, seed: int) -> Recommender:
    """Return a new agent of those settings.

    Args:
        settings: what the agent is made of.
        items: what the site knows of its catalogue.
        slate_size: slots of a slate.
        seed: seed of all that is random in how it learns.

    Raises:
        SettingsError: an unknown part or setting, or parts that do not go together.
    """

    def new_model(*stream: str | int) -> Any:
        if settings.model is None:
            raise SettingsError(f"the belief {settings.belief!r} is about a model; known models: {', '.join(MODELS)}")
        part = _Part("model", settings.model)
        options = part.parse(settings.model_settings, "model_settings")
        if hasattr(options, "seed"):
            options = dataclasses.replace(options, seed=_seed(seed, "model", *stream, options.seed))
        return part.make(options)

    belief, strategy = _Part("belief", settings.belief), _Part("strategy", settings.strategy)
    _require_given(settings)
    _require_order(settings)
    return Recommender(
        settings,
        items,
        slate_size,
        seed,
        belief.make(
            Making(belief.parse(settings.belief_settings, "belief_settings"), items, _seed(seed, "belief"), new_model)
        ),
        strategy.make(strategy.parse(settings.strategy_settings, "strategy_settings")),
    )


def _require_given(settings: RecommenderSettings) -> None:
    """Check that the belief gives what the strategy needs.

    Raises:
        SettingsError: it does not; the beliefs that do are listed.
    """
    for need in STRATEGIES.card(settings.strategy).needs:
        if need not in BELIEFS.card(settings.belief).gives:
            able = ", ".join(card.name for card in BELIEFS.cards() if need in card.gives)
            raise SettingsError(
                f"the strategy {settings.strategy!r} needs a belief that gives {need}, which {settings.belief!r} does "
                f"not; choose the belief {able}"
            )


def _require_order(settings: RecommenderSettings) -> None:
    """Check that a model that reads clicks in time order has a belief that tells it, and only such a one.

    Raises:
        SettingsError: it has not; what goes together is listed.
    """
    if settings.model is None or MODELS.card(settings.model).sequential == BELIEFS.card(settings.belief).sequential:
        return
    if MODELS.card(settings.model).sequential:
        able = ", ".join(card.name for card in BELIEFS.cards() if card.sequential)
        raise SettingsError(
            f"the model {settings.model!r} reads clicks in time order, which the belief {settings.belief!r} does not "
            f"tell it; choose the belief {able}"
        )
    able = ", ".join(card.name for card in MODELS.cards() if card.sequential)
    raise SettingsError(
        f"the belief {settings.belief!r} tells clicks in time order, which the model {settings.model!r} does not read; "
        f"choose a model among {able}"
    )


def load(path: Path) -> Recommender:
    """Return the agent saved in the folder `path`, as it was, to the last bit.

    Raises:
        DataError: the folder does not hold a whole agent.
    """
    head, arrays = read_folder(path)
    if head.get("own"):
        raise DataError(
            f"{path}: holds an agent of one's own, whose code a folder cannot bring along; make it again from its class"
        )
    try:
        settings = settings_from_json(RecommenderSettings, head.get("settings"), str(path / "agent.json"))
        items = Items(arrays["items.topic"], arrays["items.released"])
        agent = build(settings, items, int(head["slate_size"]), int(head["seed"]))
        agent.restore(int(head["version"]), arrays)
    except KeyError as error:
        raise DataError(f"{path}: the saved agent lacks {error}; save it again") from error
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError) as error:  # whatever damaged arrays cause
        raise DataError(f"{path}: the saved agent is damaged ({error}); save it again") from error
    return agent


def _settings(name: str, preset: dict[str, Any], overrides: dict[str, Any]) -> RecommenderSettings:
    """Return the settings of a preset with overrides, each put where it belongs."""
    own = {key: value for key, value in overrides.items() if key in _OWN}
    if "belief" in own and "model" not in own:
        own["model"] = BELIEFS.card(own["belief"]).model
    chosen = preset | own
    kept = {part: preset.get(f"{part}_settings", {}) for part in _PARTS if chosen.get(part) == preset.get(part)}
    parts = {part: _Part(part, chosen[part]) for part in _PARTS if chosen.get(part) is not None}
    values = {part: dict(kept.get(part, {})) for part in parts}
    for key, value in overrides.items():
        if key not in _OWN:
            part, setting = _place(name, key, parts)
            values[part][setting] = value
    full = {f"{p}_settings": parts[p].full(values[p], f"agent {name!r}: {p}") for p in parts}
    return settings_from_json(RecommenderSettings, {"name": name} | chosen | full, f"agent {name!r}")


def _place(name: str, key: str, parts: dict[str, _Part]) -> tuple[str, str]:
    """Return the part that the setting `key` belongs to, and its name there."""
    part, _, setting = key.rpartition(".")
    places = [p for p in parts if setting in parts[p].known and part in ("", p)]
    if not places:
        listed = [*_OWN, *(f"{p}.{k}" for p in parts for k in parts[p].known)]
        raise SettingsError(f"agent {name!r}: unknown setting {key!r}; known settings: {', '.join(listed)}")
    if len(places) > 1:
        raise SettingsError(f"agent {name!r}: {key!r} is a setting of {' and '.join(places)}; write PART.{key}")
    return places[0], setting


class _Part:
    """A kind of model, belief or strategy: what makes one, and its settings."""

    def __init__(self, part: str, kind: str) -> None:
        registry: Registry[Any] = {"model": MODELS, "belief": BELIEFS, "strategy": STRATEGIES}[part]
        card: Card = registry.card(kind)
        self.make, self._defaults = card.make, card.settings

    @property
    def known(self) -> list[str]:
        """Names of the settings."""
        return [field.name for field in dataclasses.fields(self._defaults)]

    def full(self, values: dict[str, Any], where: str) -> dict[str, Any]:
        """Return settings with every default written out, so that a saved agent outlives a change of defaults."""
        return settings_to_json(self.parse(settings_to_json(self._defaults) | values, where))

    def parse(self, values: dict[str, Any], where: str) -> Any:
        """Return the settings that those JSON values say."""
        return settings_from_json(type(self._defaults), json.loads(json.dumps(values)), where)


def _seed(seed: int, *stream: str | int) -> int:
    """Return the seed (non-negative 31-bit) of a stream, which torch takes as well."""
    return int(np.int64(randomness.derive(seed, "agent", *stream)) & 0x7FFFFFFF)
