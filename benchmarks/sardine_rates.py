"""Prints, as JSON, how fast sardine-rec (Deffayet et al. 2024) is at 1,000 items and slates of 10.

Needs only sardine-rec.  Its package comes without the item embeddings, so that these are drawn as its own code does.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np
import sardine
from sardine.simulator import Sardine


class Drawn(Sardine):
    """SARDINE with item embeddings of two or three topics, drawn instead of read."""

    def _init_item_embeddings(self, env_embedds: Any) -> None:
        rng = np.random.default_rng(0)
        topics = rng.random((self.num_items, self.num_topics)).argsort(axis=1)
        kept = topics < rng.integers(2, 4, size=(self.num_items, 1))
        embedding = rng.random((self.num_items, self.num_topics)) * kept
        self.item_embedd = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)


def make() -> Drawn:
    return Drawn(**gymnasium.spec("sardine/SlateTopK-Bored-v0").kwargs)


def best(work: Any, seconds: float = 3.0) -> float:
    work()
    rates, until = [], time.perf_counter() + seconds
    while len(rates) < 3 or time.perf_counter() < until:
        start = time.perf_counter()
        done = work()
        rates.append(done / (time.perf_counter() - start))
    return max(rates)


def single() -> float:
    env, slates = make(), np.random.default_rng(0).integers(1000, size=(500, 10))
    env.reset(seed=0)

    def steps() -> int:
        for slate in slates:
            if env.step(slate)[2]:
                env.reset()
        return len(slates)

    return best(steps)


def batched(kind: Any, n_envs: int) -> float:
    envs = kind([make] * n_envs)
    envs.reset(seed=0)
    slates = np.random.default_rng(0).integers(1000, size=(50, n_envs, 10))

    def steps() -> int:
        for batch in slates:
            envs.step(batch)
        return slates.size

    rate = best(steps)
    envs.close()
    return rate


if __name__ == "__main__":
    assert sardine
    shapes = [(gymnasium.vector.SyncVectorEnv, n) for n in (8, 64)]
    shapes += [(gymnasium.vector.AsyncVectorEnv, n) for n in (2, 8, 32)] if sys.platform == "linux" else []
    steps = single()
    rates = {f"{kind.__name__} {n}": batched(kind, n) for kind, n in shapes} | {"one": 10.0 * steps}
    found = {
        "version": version("sardine-rec"),
        "single_steps_per_second": steps,
        "batched_impressions_per_second": max(rates.values()),
        "batched": rates,
    }
    print(json.dumps(found))
