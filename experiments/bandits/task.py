"""What a bandit is: R runs side by side, each a world of its own, and the learners that play them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from serendip.agents.beliefs.belief import Posterior
from serendip.simulator.interface import Floats, Ints


@dataclass(frozen=True, slots=True)
class Scene:
    """What R runs face in one round.

    Attributes:
        context: (R, d) what is known before the choice; the first number is 1.
        expected: (R, K) mean reward of each arm.  Nobody who plays sees it.
    """

    context: Floats
    expected: Floats


class Task(Protocol):
    """R bandits of one kind.  All is a hash of seed, run and round, so that every learner meets the same luck."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of as many groups of runs, one after the other, each as long as the next."""
        ...

    @property
    def n_arms(self) -> int:
        """K."""
        ...

    @property
    def clicks(self) -> bool:
        """Whether rewards are 0 or 1."""
        ...

    @property
    def arms(self) -> Floats | None:
        """(R, K, p) features of the arms, the same in every round, where arms are told apart by them alone."""
        ...

    def scene(self, t: int) -> Scene:
        """Return what round `t`, from 0, brings."""
        ...

    def rewards(self, t: int, scene: Scene, arms: Ints) -> Floats:
        """Return what playing `arms` (R,) in round `t` pays; of several choices `arms` (S, R) what each would."""
        ...


class Learner(Protocol):
    """A belief about N bandits: R runs, once for each strategy that it is played with."""

    def posteriors(self, context: Floats, parts: list[slice]) -> list[Posterior]:
        """Return what is believed of all arms, for each of `parts` of the N bandits, in `context` (N, d)."""
        ...

    def learn(self, t: int, context: Floats, arms: Ints, rewards: Floats) -> None:
        """Learn what round `t` paid: `rewards` (N,) of `arms` (N,) in `context` (N, d)."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What a learner is told before it begins.

    Attributes:
        n: number of bandits, N.
        n_arms: number of arms, K.
        n_context: length of the context, d.
        arms: (N, K, p) features of the arms, or None.
        horizon: number of rounds.
        seed: seed of all that is random in how it learns.
    """

    n: int
    n_arms: int
    n_context: int
    arms: Floats | None
    horizon: int
    seed: int
