"""How models are learned by gradient: Adam over minibatches of users, until the epochs are over or a judge has enough.

Every model that is learned so goes through `train`; what differs between them is the loss of a minibatch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.optim.adam import adam

from serendip.agents.models.model import Arrays, Interactions, Model
from serendip.agents.models.told import training

Rows = NDArray[np.int64]
_CHECK_EVERY = 5  # epochs between two looks at the validation users


@dataclass(slots=True)
class Progress:
    """How far a model is, over all its fits; saved with its parameters, so that annealing goes on where it was.

    Attributes:
        steps: minibatches so far.
        fits: fits so far; each has random numbers of its own.
    """

    steps: int = 0
    fits: int = 0

    def annealed(self, beta: float, n_steps: int) -> float:
        """Return the weight of a term that rises on a line from 0 to `beta` over the first `n_steps` minibatches."""
        return beta * min(1.0, self.steps / max(n_steps, 1))

    def arrays(self) -> Arrays:
        """Return both counts, under one name."""
        return {"progress": np.asarray([self.steps, self.fits])}

    @classmethod
    def restored(cls, arrays: Arrays) -> Progress:
        """Return what `arrays` tells."""
        return cls(*map(int, arrays["progress"]))


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a fit takes.

    Attributes:
        epochs: passes over the users, at most.
        batch: users in a minibatch.
        learning_rate: step size of Adam.
        patience: looks at the validation users without a better one, one every five epochs, after which it ends; 0 for
            never.
        steps: minibatches of each phase, at most; 0: as many as the epochs have.
    """

    epochs: int
    batch: int
    learning_rate: float
    patience: int = 0
    steps: int = 0


class Pace(Protocol):
    """The settings of a model that say how long it learns, the first time and later."""

    @property
    def epochs(self) -> int:
        """Passes over the users of a fit that starts anew."""
        ...

    @property
    def warm_epochs(self) -> int:
        """Of one that goes on."""
        ...

    @property
    def warm_steps(self) -> int:
        """Minibatches of each phase of one that goes on, at most; 0: as many as its epochs have."""
        ...

    @property
    def refit_every(self) -> int:
        """Fits from one that starts anew to the next; 0: all go on."""
        ...

    @property
    def batch(self) -> int:
        """Users in a minibatch."""
        ...

    @property
    def learning_rate(self) -> float:
        """Of Adam."""
        ...

    @property
    def patience(self) -> int:
        """Looks at validation users without a better one."""
        ...


def goes_on(pace: Pace, progress: Progress, same_items: bool) -> bool:
    """Return whether the next fit goes on from the parameters as they are."""
    return same_items and not (pace.refit_every and progress.fits % pace.refit_every == 0)


def schedule_of(pace: Pace, warm: bool) -> Schedule:
    """Return how long a fit takes that goes on (`warm`), or starts anew."""
    epochs, steps = (pace.warm_epochs, pace.warm_steps) if warm else (pace.epochs, 0)
    return Schedule(epochs, pace.batch, pace.learning_rate, pace.patience, steps)


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of every epoch: which parameters are moved, and by what loss.

    Attributes:
        leaves: the parameters.
        loss: takes the rows of a minibatch and returns its mean loss by user.
        passes: how often the users are gone over in each epoch.
        before: is called before the first of them.
    """

    leaves: Sequence[torch.Tensor]
    loss: Callable[[Rows], torch.Tensor]
    passes: int = 1
    before: Callable[[], None] | None = None


def train(
    phases: Sequence[Phase],
    n_users: int,
    schedule: Schedule,
    progress: Progress,
    generator: torch.Generator,
    judge: Callable[[], float] | None = None,
) -> None:
    """Move the parameters of `phases` down their losses, in place, and count the minibatches in `progress`.

    With a `judge` (higher is better, such as the NDCG@100 of validation users) and patience, the parameters end as they
    were when it thought best of them; else as the last epoch left them.  Kingma & Ba (2015), "Adam".

    Args:
        phases: of an epoch, one after the other.
        n_users: rows to make minibatches of.
        schedule: how long.
        progress: of the model.
        generator: of the order of users, and of whatever the losses draw.
        judge: says how good the model is as it stands.
    """
    optimisers = list[_Adam]()
    for phase in phases:
        for leaf in phase.leaves:
            leaf.requires_grad_()
        optimisers.append(_Adam(phase.leaves, schedule.learning_rate))
    left = [schedule.steps or sys.maxsize] * len(phases)  # minibatches
    best = _Best([leaf for phase in phases for leaf in phase.leaves]) if judge is not None else None
    with training(schedule.epochs * sum(phase.passes for phase in phases)) as advance:
        for epoch in range(1, schedule.epochs + 1):
            for number, (phase, optimiser) in enumerate(zip(phases, optimisers, strict=True)):
                if phase.before is not None:
                    phase.before()
                for _ in range(phase.passes):
                    before = progress.steps
                    _pass(phase, n_users, schedule.batch, optimiser, progress, generator, left[number])
                    left[number] -= progress.steps - before
                    advance()
            due = epoch % _CHECK_EVERY == 0 or epoch == schedule.epochs or not any(left)
            if judge is not None and best is not None and schedule.patience and due:
                best.look(judge())
                if best.misses >= schedule.patience:
                    break
            if not any(left):
                break
    if best is not None:
        best.take_back()
    progress.fits += 1


def judged(data: Interactions, model: Model, take: Callable[[], None] | None = None) -> Callable[[], float] | None:
    """Return the judge of `data`, if it has one, of `model` as it stands, once `take` has brought it up to date."""
    judge = data.judge
    if judge is None:
        return None

    def look() -> float:
        if take is not None:
            take()
        return judge(model)

    return look


def _pass(
    phase: Phase,
    n_users: int,
    batch: int,
    optimiser: _Adam,
    progress: Progress,
    generator: torch.Generator,
    most: int,
) -> None:
    """Take one step for each minibatch of one random order of the users, `most` of them at most."""
    order = torch.randperm(n_users, generator=generator).numpy()
    for start in range(0, n_users, batch)[:most]:
        loss = phase.loss(order[start : start + batch])
        optimiser.clear()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimiser.step()
        progress.steps += 1


class _Adam:
    """The steps of `torch.optim.Adam`, fused, to the last bit, without its class, whose import takes a second."""

    def __init__(self, leaves: Sequence[torch.Tensor], learning_rate: float) -> None:
        self._leaves, self._rate = list(leaves), learning_rate
        self._means, self._squares = ([torch.zeros_like(leaf) for leaf in leaves] for _ in range(2))
        self._steps = [torch.zeros((), device=leaf.device) for leaf in leaves]

    def clear(self) -> None:
        """Forget the gradients."""
        for leaf in self._leaves:
            leaf.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the leaves that have a gradient."""
        kept = zip(self._leaves, self._means, self._squares, self._steps, strict=True)
        moved = [(leaf, leaf.grad, *rest) for leaf, *rest in kept if leaf.grad is not None]
        if moved:
            leaves, gradients, means, squares, steps = (list(column) for column in zip(*moved, strict=True))
            adam(
                leaves, gradients, means, squares, [], steps, fused=True, amsgrad=False, beta1=0.9,
                beta2=0.999, lr=self._rate, weight_decay=0.0, eps=1e-8, maximize=False,
            )  # fmt: skip


class _Best:
    """The best parameters that a judge has seen."""

    def __init__(self, leaves: Sequence[torch.Tensor]) -> None:
        self._leaves = leaves
        self._kept: list[torch.Tensor] | None = None
        self._quality = -np.inf
        self.misses = 0  # looks since the best

    def look(self, quality: float) -> None:
        """Keep the parameters if they are better than all before."""
        self.misses += 1
        if quality > self._quality:
            self._quality, self.misses = quality, 0
            self._kept = [leaf.detach().clone() for leaf in self._leaves]

    @torch.no_grad()
    def take_back(self) -> None:
        """Set the parameters to the best ones, if any were looked at."""
        for leaf, kept in zip(self._leaves, self._kept or self._leaves, strict=True):
            leaf.copy_(kept)
