"""`serendip list`: what can be named on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from serendip.experiments.cli.flags import shown

KINDS = {  # a registry, or a function that returns names and what they are
    "worlds": "serendip.experiments.cli.descriptions:worlds",
    "studies": "serendip.experiments.online.studies:STUDIES",
    "agents": "serendip.agents.presets:PRESETS",
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

    def execute(self) -> None:
        """Print the names, one per line, each with what it is."""
        from serendip.experiments.cli.descriptions import described
        from serendip.simulator.errors import SettingsError

        if self.kind is not None and self.kind not in KINDS:
            raise SettingsError(f"unknown kind {self.kind!r}; known kinds: {', '.join(KINDS)}")
        for kind in KINDS if self.kind is None else [self.kind]:
            print(f"{kind}:")
            entries = described(KINDS[kind])
            width = max(map(len, entries))
            for name, what in entries.items():
                print(f"  {name:<{width}}  {what}".rstrip())
