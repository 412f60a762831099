"""
A tail that is not in the log
=============================

Where one purchase in a thousand brings a thousand times as much, most logs have none, and say so with confidence.
"""

import numpy as np

import serendip

INDEX = 1.3  # of a Pareto distribution: its mean is 1 / (1 - 1 / 1.3), and it has no variance
truth = 0.1 * INDEX / (INDEX - 1.0)
tally = {"reliable": [0, 0], "weak": [0, 0], "invalid": [0, 0]}
for seed in range(60):
    rng = np.random.default_rng(seed)
    n = 2_000
    item = rng.integers(4, size=n)
    bought = rng.random(n) < 0.1
    log = {
        "user": np.arange(n),
        "revenue": np.where(bought, 1.0 + rng.pareto(INDEX, n), 0.0),
        "pscore": np.full(n, 0.25),
        "pi": np.array([0.4, 0.3, 0.2, 0.1])[item],
    }
    found = serendip.evaluate(log, reward="revenue", propensity="pscore", target="pi", user="user")
    tally[found.verdict][0] += 1
    tally[found.verdict][1] += found.interval is not None and found.interval[0] <= truth <= found.interval[1]
for verdict, (n, held) in tally.items():
    print(f"{verdict:8}: {n:2} of 60 logs; the interval holds the truth in {held}")

# %%
# The verdict looks at the tail of what it has, and calls most of these logs ``weak``. A log whose largest amounts
# happen to be small looks harmless, and is wrong in one direction: too low.
#
# **What to do.** Value something with a bound (whether something was bought, amounts up to a cap) beside the amount,
# and ``serendip evaluate --distribution`` for its quantiles.
