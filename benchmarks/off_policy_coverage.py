"""How often 95% intervals cover the truth: `python benchmarks/off_policy_coverage.py [LOGS [REPLICATES]]`.

Logs of 1,000 users with one slot each, ten actions, target and logging policies drawn anew for each log.
"""

from __future__ import annotations

import sys

import numpy as np

from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation


def a_log(rng: np.random.Generator, rate: float, n: int = 1000, n_actions: int = 10) -> tuple[Slots, float]:
    """Return a log of n users and the value of its target, near `rate`."""
    clicks = np.clip(rate * rng.uniform(0.85, 1.15, n_actions), 0.0, 1.0)
    logging, target = (0.5 * rng.dirichlet(np.ones(n_actions)) + 0.5 / n_actions for _ in range(2))
    item = rng.choice(n_actions, n, p=logging)
    reward = (rng.random(n) < clicks[item]).astype(float)
    nothing = np.full(n, np.nan)
    return Slots(np.arange(n), reward, logging[item], target[item], nothing, nothing), float(target @ clicks)


def main(n_logs: int, n_replicates: int) -> None:
    """Print coverage and mean width of each interval; without replicates the bootstrap is the delta method."""
    print(f"{'rate':>6}  {'estimator':11}  {'interval':20}  coverage  width")
    for rate in (0.878, 0.019):
        rng, seen = np.random.default_rng(11), dict[tuple[str, str], list[tuple[bool, float]]]()
        for seed in range(n_logs):
            slots, value = a_log(rng, rate)
            method = Method(("ips", "snips", "clipped_ips"), {"clip": 31.6}, seed=seed, n_replicates=n_replicates)
            valuation = Valuation(method)
            valuation.update(slots)
            valued = valuation.finish()
            assert valued is not None
            for name, e in valued.estimates((0.0, 1.0), {"clipped_ips": 31.6}).items():
                assert e.low is not None
                assert e.high is not None
                own = {"combined": (e.low, e.high)}
                for kind, (low, high) in (own | e.others).items():
                    seen.setdefault((name, kind), []).append((low <= value <= high, high - low))
        for (name, kind), found in seen.items():
            covered, width = np.mean(found, axis=0)
            print(f"{rate:6}  {name:11}  {kind:21} {covered:8.1%}  {width:.3f}")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [1000, 200][len(given) :]))
