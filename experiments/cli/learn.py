"""`serendip learn`: a policy from a log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from serendip.experiments.cli.flags import WHOLE_NUMBER, JsonFile, shown


@dataclass(frozen=True)
class Learn:
    """Learn a policy from a log that another policy wrote, and save it as an agent.

    Value it on another log, or run it in the log's world: `serendip evaluate LOG2 --target AGENT --truth`.
    """

    log: Annotated[Path, tyro.conf.Positional, shown("LOG")]
    """A log's folder, or a Parquet or CSV file of your own; its propensities say how much each click counts."""

    out: Annotated[Path, shown("AGENT")]
    """Folder to save the agent in."""

    columns: Annotated[tuple[str, ...], shown("NAME=COLUMN ...")] = ()
    """What columns of your own file are called, such as user=customer reward=click propensity=pscore."""

    objective: Annotated[Literal["ips", "snips", "dr", "loglik"], shown()] = "loglik"
    """The estimate of its value that the policy maximises."""

    hidden: int = 0
    """Units of a hidden layer between features and scores; 0: linear."""

    clip: float = 100.0
    """Largest weight of a slot."""

    penalty: float = 0.0
    """Standard errors taken off the objective: caution (counterfactual risk minimisation)."""

    sharpness: float = 2.0
    """How much more often than in proportion to its clicks the best is shown, after loglik: 1 is in proportion."""

    epsilon: float = 0.05
    """Share of random slates that the agent shows on top, so that its own log can be learned from."""

    epochs: Annotated[int, WHOLE_NUMBER, shown("N")] = 30
    """Passes over the log, at most."""

    seed: int = 0
    """Seed of the held-out users, the first weights and the order of the slates."""

    json: JsonFile = None
    """Write what was found as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Learn, save the agent and print what held-out users say of it."""
        from serendip.experiments.running.threads import stay_on_one_thread

        stay_on_one_thread()

        import serendip
        from serendip.experiments.cli.flags import pairs
        from serendip.experiments.cli.output import console_for, write

        console = console_for(self.json)
        found = serendip.learn(
            self.log,
            columns=pairs(self.columns),
            epsilon=self.epsilon,
            out=self.out,
            objective=self.objective,
            hidden=self.hidden,
            clip=self.clip,
            penalty=self.penalty,
            sharpness=self.sharpness,
            epochs=self.epochs,
            seed=self.seed,
        )
        write(found.to_json(), self.json)
        console.print(f"learned by {self.objective} from {found.n_slates:,} slates; reward per slot, by users that")
        console.print("took no part in any choice, and no more than a slate can be paid:")
        named = (("the log's policy", found.logged), ("learned", found.learned), ("gain", found.gain))
        for name, e in (*named, ("logistic-greedy", found.beside)):
            console.print(f"  {name:18} {e.value:8.4f}  [{e.low:.4f}, {e.high:.4f}]")
        console.print(found.take, highlight=False)
        console.print(f"saved in {self.out}; value it on another log: serendip evaluate LOG2 --target {self.out}")
