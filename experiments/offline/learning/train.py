"""Training: the weights of a policy that a log says is better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from serendip.agents.models.model import Arrays
from serendip.experiments.offline.learning.examples import Examples
from serendip.experiments.offline.learning.objectives import OBJECTIVES, Batch, Objective, value
from serendip.experiments.offline.long_term.clicks import logistic
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats

_TRANSLATIONS = (0.8, 1.0, 1.25, 1.6)  # of SNIPS, in mean rewards of the log
_PATIENCE = 8  # epochs without a better value on the held-out users
_SHARPEST = 100.0
_DELTA = 0.05  # chance that a lower bound is above the value


@dataclass(frozen=True, slots=True)
class Learning:
    """How a policy is learned.

    Attributes:
        objective: `ips`, `snips`, `dr` or `loglik`.
        hidden: units of the hidden layer; 0 for a linear policy.
        clip: largest weight of a slot.
        penalty: standard errors that are taken off the objective: caution.
        epochs: passes over the examples, at most.
        batch: slates in a step.
        rate: step size of Adam.
        sharpness: factor of the log odds that `loglik` learned; above 1 the best is shown more often than in
            proportion to its clicks.
        seed: number that first weights and the order of batches follow from.
    """

    objective: Objective = "loglik"
    hidden: int = 0
    clip: float = 100.0
    penalty: float = 0.0
    epochs: int = 30
    batch: int = 512
    rate: float = 0.05
    sharpness: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise SettingsError(f"objective is {self.objective!r}; allowed are {', '.join(OBJECTIVES)}")
        if not (self.clip > 0.0 and self.penalty >= 0.0 and self.rate > 0.0 and 0.0 < self.sharpness <= _SHARPEST):
            raise SettingsError(
                f"clip is {self.clip}, penalty {self.penalty}, rate {self.rate} and sharpness {self.sharpness}; allowed"
                f" is above 0, 0 or more, above 0, and above 0 to {_SHARPEST:g}"
            )
        if min(self.epochs, self.batch) < 1 or self.hidden < 0:
            raise SettingsError(
                f"epochs is {self.epochs}, batch {self.batch} and hidden {self.hidden}; allowed is 1 or more, twice,"
                " and 0 or more"
            )


def train(
    learning: Learning, taught: Examples, held_out: Examples, progress: Callable[[int, int], None] | None = None
) -> Arrays:
    """Return the weights of a policy: on the held-out users epochs and translation are chosen, then all teach it.

    Chosen is what has the best lower bound of the value.  A policy learned by `loglik`, which shows items as often as
    they would be clicked, is then sharpened.

    Args:
        learning: objective and model.
        taught: examples to learn from.
        held_out: examples of other users.
        progress: called with the epochs done, and with as many as there can be.
    """
    spread = taught.x.std(axis=(0, 1))
    spread = np.where(spread > 1e-3, spread, np.float32(1.0))  # of each feature: one rate of learning for all
    taught, held_out = (replace(part, x=part.x / spread) for part in (taught, held_out))
    translation, epochs = _chosen(learning, taught, held_out, progress)
    found = Arrays()
    for weights in _passes(learning, taught.beside(held_out), translation, epochs):
        found = weights
    into = "first" if "first" in found else "last"
    found = found | {into: (found[into].T / spread).T}
    sharp = learning.sharpness if learning.objective == "loglik" else 1.0
    return found | {"last": (found["last"] * sharp).astype(found["last"].dtype)}


def _chosen(
    learning: Learning, taught: Examples, held_out: Examples, progress: Callable[[int, int], None] | None
) -> tuple[float, int]:
    """Return the translation and the number of epochs whose policy has the best lower bound on the held-out users."""
    mean = float(taught.reward.mean())
    translations = [share * mean for share in _TRANSLATIONS] if learning.objective == "snips" else [0.0]
    best, chosen = -np.inf, (translations[0], 1)
    for run, translation in enumerate(translations):
        since = 0
        for epoch, weights in enumerate(_passes(learning, taught, translation, learning.epochs), 1):
            worth, since = lower_bound(held_out, weights), since + 1
            if worth > best:
                best, chosen, since = worth, (translation, epoch), 0
            if progress:
                progress(run * learning.epochs + epoch, len(translations) * learning.epochs)
            if since >= _PATIENCE:
                break
    return chosen


def _passes(learning: Learning, examples: Examples, translation: float, epochs: int) -> Iterator[Arrays]:
    """Yield the weights after each epoch."""
    model = _clicks(examples) if learning.objective == "dr" else None
    weights = _first(learning, examples.x.shape[2])
    optimiser = torch.optim.Adam(list(weights.values()), lr=learning.rate)
    for epoch in range(epochs):
        _epoch(learning, examples, weights, optimiser, translation, model, epoch)
        yield _arrays(weights)


def lower_bound(examples: Examples, weights: Arrays) -> float:
    """Return what a policy's reward per slot is at least, by logarithmic smoothing: for choosing, not for claiming.

    V >= mean_n (1 / b) log(1 + b w_n r_n) - log(1 / delta) / (b n), with b = sqrt(2 log(1 / delta) / (n mean (w r)^2)):
    large weights, which come up by luck, count by their logarithm.  w r is summed over a slate, as a slate is one draw.
    Sakhi, Aouali, Alquier & Chopin (2024), "Logarithmic smoothing for pessimistic off-policy evaluation, selection and
    learning", eq. 13.
    """
    n_slots = examples.items.shape[1]
    worth = (chances(examples, weights) / examples.propensity * np.maximum(examples.reward, 0.0)).sum(axis=1) / n_slots
    sure, n = np.log(1.0 / _DELTA), len(worth)
    b = float(np.sqrt(2.0 * sure / (n * max(float(np.mean(worth**2)), 1e-12))))
    return float(np.log1p(b * worth).mean() / b - sure / (b * n))


def self_normalised(examples: Examples, weights: Arrays, clip: float) -> float:
    """Return the clipped self-normalised estimate of a policy's reward per slot."""
    weight = np.minimum(chances(examples, weights) / examples.propensity, clip)
    return float((weight * examples.reward).sum() / max(weight.sum(), 1e-12))


def chances(examples: Examples, weights: Arrays) -> Floats:
    """Return (n, L) probability of each logged item under the policy, as one item of its softmax."""
    made = list[Floats]()
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
    for start in range(0, len(examples), 1024):
        part = examples.rows(np.arange(start, min(start + 1024, len(examples))))
        log_policy = _log_policy(part, tensors)
        made.append(torch.exp(torch.gather(log_policy, 1, torch.from_numpy(part.items))).double().numpy())
    return np.concatenate(made)


def _epoch(
    learning: Learning,
    examples: Examples,
    weights: dict[str, torch.Tensor],
    optimiser: torch.optim.Optimizer,
    translation: float,
    model: Floats | None,
    epoch: int,
) -> None:
    """Go over the examples once, in a random order."""
    order = randomness.generator(learning.seed, "order", epoch).permutation(len(examples))
    for start in range(0, len(order), learning.batch):
        part = examples.rows(order[start : start + learning.batch])
        log_policy = _log_policy(part, weights)
        predicted = torch.zeros(1) if model is None else torch.from_numpy(_predicted(part, model))
        shown = torch.from_numpy(part.items), torch.from_numpy(part.reward).float()
        batch = Batch(log_policy, *shown, torch.from_numpy(part.propensity).float(), predicted)
        worth = value(batch, learning.objective, learning.clip, translation, learning.penalty)
        optimiser.zero_grad()
        (-worth / max(float(part.reward.mean()), 1e-3)).backward()
        optimiser.step()


def _log_policy(examples: Examples, weights: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return (n, M) log probability of each item."""
    x = torch.from_numpy(examples.x)
    if "first" in weights:
        x = torch.relu(x @ weights["first"] + weights["bias"])
    scores = (x @ weights["last"]).masked_fill(~torch.from_numpy(np.array(examples.available)), -torch.inf)
    return torch.log_softmax(scores, dim=1)


def _first(learning: Learning, n_features: int) -> dict[str, torch.Tensor]:
    """Return the first weights: zeros, or a small random hidden layer."""
    if not learning.hidden:
        return {"last": torch.zeros(n_features, requires_grad=True)}
    rng = randomness.generator(learning.seed, "first weights")
    first = rng.standard_normal((n_features, learning.hidden)) * np.sqrt(2.0 / n_features)
    values = {"first": first, "bias": np.zeros(learning.hidden), "last": np.zeros(learning.hidden)}
    return {name: torch.tensor(array, dtype=torch.float32, requires_grad=True) for name, array in values.items()}


def _arrays(weights: dict[str, torch.Tensor]) -> Arrays:
    return {name: tensor.detach().numpy().copy() for name, tensor in weights.items()}


def _clicks(examples: Examples) -> Floats:
    """Return (d,) coefficients of a logistic regression of the reward on the features of what was shown."""
    x = np.take_along_axis(examples.x, examples.items[:, :, None], axis=1)
    return logistic(x.reshape(-1, x.shape[2]).astype(np.float64), examples.reward.ravel())


def _predicted(examples: Examples, model: Floats) -> np.ndarray:
    """Return (n, M) predicted reward of each item."""
    return (1.0 / (1.0 + np.exp(-(examples.x @ model.astype(np.float32))))).astype(np.float32)
