"""`serendip list`: what can be named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import shown

KINDS = {  # a registry, or a function that returns names and what they are
    "worlds": "serendip.experiments.cli.descriptions:worlds",
    "studies": "serendip.experiments.online.studies:STUDIES",
    "agents": "serendip.agents:AGENTS",
    "oracles": "serendip.experiments.online.oracles:ORACLES",
    "models": "serendip.agents.models:MODELS",
    "beliefs": "serendip.agents.beliefs:BELIEFS",
    "strategies": "serendip.agents.strategies:STRATEGIES",
    "bandits": "serendip.experiments.bandits:TASKS",
    "bandit-beliefs": "serendip.experiments.bandits:LEARNERS",
    "estimators": "serendip.experiments.offline.estimators:ESTIMATORS",
    "intervals": "serendip.experiments.offline.intervals:INTERVALS",
    "reward-models": "serendip.experiments.offline.reward_models:REWARD_MODELS",
    "propensity-models": "serendip.experiments.offline.reading:PROPENSITY_MODELS",
    "situations": "serendip.experiments.ope_study.gauntlet:SITUATIONS",
    "figures": "serendip.experiments.figures:FIGURES",
    "dynamics": "serendip.simulator.dynamics:DYNAMICS",
    "choices": "serendip.simulator.choice:CHOICES",
}


@dataclass(frozen=True)
class Catalogue:
    """List what can be named: worlds, agents, studies and the parts they are made of."""

    kind: Annotated[str | None, tyro.conf.Positional, shown("[KIND]")] = None
    """What to list, such as agents; all kinds when left out."""

    name: Annotated[str | None, tyro.conf.Positional, shown("[NAME]")] = None
    """One of that kind, such as vae-thompson, to show with its settings, their defaults and their ranges."""

    def execute(self) -> None:
        """Print the names, one per line, each with what it is; or one with its settings."""
        from serendip.experiments.cli.descriptions import described, in_full
        from serendip.experiments.cli.output import say, say_entry
        from serendip.simulator.errors import SettingsError

        chosen = next((kind for kind in KINDS if self.kind in _forms(kind)), None)
        if self.kind is not None and chosen is None:
            raise SettingsError(f"unknown kind {self.kind!r}; known kinds: {', '.join(KINDS)}")
        if chosen is not None and self.name is not None:
            say(in_full(KINDS[chosen], chosen, self.name))
            return
        for kind in KINDS if chosen is None else [chosen]:
            say(f"{kind}:")
            entries = described(KINDS[kind])
            width = max(map(len, entries))
            for name, what in entries.items():
                say_entry(name, what, width)


def _forms(kind: str) -> tuple[str, ...]:
    """Return a kind's name and what one of it is called, such as `studies` and `study`."""
    return kind, kind.removesuffix("s"), f"{kind.removesuffix('ies')}y"
