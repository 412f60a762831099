"""The policy that wrote a log, asked what a log does not hold: its chance of a topic, and of a slate down to a slot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serendip.agents import registry
from serendip.agents.propensity import SlateMixture
from serendip.agents.recommender import Recommender
from serendip.experiments.offline.estimators.slate import uniform_pseudo_inverse_weight
from serendip.experiments.offline.reading.source import Source, Step
from serendip.simulator.errors import SerendipError
from serendip.simulator.interface import Floats, Ints, SmallInts
from serendip.simulator.logs import open_log

_SAME = 1e-6  # relative: a model's scores may differ in their last bits from machine to machine


@dataclass
class LoggingPolicy:
    """An agent that chooses as the log's did, living through the log beside the target.

    Attributes:
        agent: the agent.
        key: key of its draws.
        uniform: whether every slate is as likely as any other.
        n_slots: slots that it was asked about.
        n_other: slots of which it says another propensity than the log.
    """

    agent: Recommender
    key: int
    uniform: bool
    n_slots: int = 0
    n_other: int = 0

    def columns(self, source: Source) -> tuple[str, ...]:
        """Return the names of the weights that it gives; a log from elsewhere has slots, not slates."""
        if source.key is None:
            return ("marginal_weight",)
        return ("marginal_weight", "prefix_weight", *(("pseudo_inverse_weight",) if self.uniform else ()))

    def further(self, step: Step, target: SlateMixture, topic: SmallInts) -> dict[str, Floats]:
        """Return the weights (B, L) of topics and, for whole slates, of beginnings and by the pseudo-inverse.

        They are unknown (NaN) where the agent does not give what was shown the propensity of the log.
        """
        logging = self.agent.mixture(step.visits, self.key)
        shape = step.propensity.shape
        shown = step.items if step.position is None else np.repeat(step.items, logging.candidates.shape[2], axis=1)
        here = np.arange(shown.shape[1])[None, :] if step.position is None else step.position[:, None]
        rows = np.arange(len(shown))[:, None]
        own = logging.at_position(shown)[rows, here]
        wrong = np.abs(own / step.propensity - 1.0) > _SAME
        self.n_slots, self.n_other = self.n_slots + wrong.size, self.n_other + int(np.count_nonzero(wrong))
        of_topic = at_topic(target, topic, shown) / at_topic(logging, topic, shown)
        weights: dict[str, Floats] = {"marginal_weight": of_topic[rows, here]}
        if step.position is None:
            ratio = target.after_prefix(shown) / logging.after_prefix(shown)
            weights["prefix_weight"] = np.cumprod(ratio, axis=1, dtype=np.float64)
        if step.position is None and self.uniform:
            places = target.at_position(shown), target.anywhere(shown)
            whole = uniform_pseudo_inverse_weight(*places, logging.n_available)
            weights["pseudo_inverse_weight"] = np.broadcast_to(whole[:, None], shape)
        return {name: np.where(wrong, np.nan, weight) for name, weight in weights.items()}


def at_topic(mixture: SlateMixture, topic: SmallInts, items: Ints) -> Floats:
    """Return (B, L) probability that the item at each position is of the topic of `items` (B, L)."""
    wanted = topic[items]  # (B, L)
    same = topic[mixture.candidates] == wanted[:, None, :]  # (B, S, L)
    greedy = same.mean(axis=1) if mixture.weights is None else (same * mixture.weights[:, :, None]).sum(axis=1)
    there = np.atleast_2d(mixture.available)  # (1 or B, M)
    row, item = np.nonzero(there)
    n_topics = int(topic.max()) + 1
    of_all = np.bincount(row * n_topics + topic[item], minlength=len(there) * n_topics).reshape(len(there), n_topics)
    share = of_all / there.sum(axis=1, keepdims=True)
    rows = np.arange(len(wanted))[:, None] if len(there) > 1 else 0
    return (1.0 - mixture.epsilon) * greedy + mixture.epsilon * share[rows, wanted]


def logging_policy(source: Source) -> tuple[LoggingPolicy | None, str]:
    """Return the agent that wrote the log, or None and a sentence that says why it cannot be asked.

    It is the uniform agent where every propensity is that of a uniform draw, else the agent saved beside the log, if it
    has not learned since the log began.
    """
    if _is_uniform(source):
        agent = registry.make("uniform", source.items(), source.slate_size, 0)
        return LoggingPolicy(agent, 0 if source.key is None else source.key, uniform=True), ""
    folder = source.path.resolve().parent / "agent"
    if source.key is None or not folder.is_dir():
        return None, "the logging agent is not saved beside the log (../agent; serendip run --save-agents)"
    try:
        agent = registry.load(folder)
    except SerendipError as error:
        return None, f"the logging agent cannot be read ({error})"
    if _versions(source.path) != {max(agent.version - 1, 0)}:
        return None, "the logging agent learned while the log was written, and only its last version is saved"
    agent.forget()
    return LoggingPolicy(agent, source.key, uniform=False), ""


def _is_uniform(source: Source) -> bool:
    """Return whether a log of this project says that it is uniform, or one from elsewhere has no other propensity."""
    if source.key is not None:
        return open_log(source.path).meta.policies == ("uniform",)
    chance = 1.0 / source.items().n_items
    return all(bool(np.isclose(logged.propensity, chance, rtol=_SAME).all()) for logged in source.batches())


def _versions(log: Path) -> set[int]:
    found = set[int]()
    for part in open_log(log).parts:
        try:
            table = pq.read_table(part.absolute(), columns=["policy_version"])
        except (pa.ArrowException, OSError, UnicodeDecodeError):  # left to whoever reads it next
            return set()
        found |= set(np.unique(table["policy_version"].to_numpy()).tolist())
    return found
