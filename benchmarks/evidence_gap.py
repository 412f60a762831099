"""What an encoder costs: bounds on the evidence by activity, `python benchmarks/evidence_gap.py DATA [--epochs 100]`.

Fits a Mult-VAE on most users, and compares amortised, semi-amortised (5 steps) and free inference on some of these and
on others.  Bounds are means over users, in nats, with the KL term at the weight that the model was learned with.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from serendip.agents.models.inference import evidence_gap
from serendip.agents.models.model import Interactions
from serendip.agents.models.mult_vae import MultVae, MultVaeSettings
from serendip.experiments.benchmark.data import read_events
from serendip.experiments.benchmark.splits import split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--latent", type=int, default=64)
    parser.add_argument("--users", type=int, default=128, help="compared, at most, of each kind")
    parser.add_argument("--steps", type=int, default=200, help="of free inference")
    given = parser.parse_args()
    parts = split(read_events(given.data), "strong", 0)
    model = MultVae(MultVaeSettings(latent=given.latent, hidden=(), batch=32, epochs=given.epochs, anneal_steps=500))
    model.fit(Interactions(parts.train))
    held = parts.test.known + parts.test.asked
    print("| users | clicks | amortised | semi-amortised | free | gap, nats | gap, nats a click |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for who, users in (("learned from", parts.train), ("held out", held)):
        gaps = evidence_gap(model, users[: given.users], free_steps=given.steps)
        for group in gaps.by_activity():
            gap = group.free - group.amortised
            bounds = " | ".join(f"{np.mean(x):.1f}" for x in (group.amortised, group.semi_amortised, group.free))
            clicks = f"{group.activity.min():.0f}-{group.activity.max():.0f}"
            print(f"| {who} | {clicks} | {bounds} | {gap.mean():.1f} | {gap.sum() / group.activity.sum():.3f} |")


if __name__ == "__main__":
    main()
