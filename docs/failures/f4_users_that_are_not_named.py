"""
Users that are not named
========================

Rows of one user are alike. Leave the user out, and an interval is a third as wide as it has to be.
"""

import numpy as np

import serendip

truth_in, width = {"with users": 0, "without": 0}, {"with users": [], "without": []}
verdicts = {}
for seed in range(30):
    rng = np.random.default_rng(seed)
    n_users, rounds = 200, 25
    taste = rng.beta(0.5, 1.5, n_users)  # how likely each user clicks anything: mean 1/4, and very unequal
    user = np.repeat(np.arange(n_users), rounds)
    item = rng.integers(2, size=len(user))
    log = {
        "listener": user,
        "click": (rng.random(len(user)) < taste[user]).astype(int),
        "pscore": np.full(len(user), 0.5),
        "pi": np.where(item == 0, 0.7, 0.3),
    }
    columns = {"reward": "click", "propensity": "pscore", "target": "pi"}
    for name, more in {"with users": {"user": "listener"}, "without": {}}.items():
        found = serendip.evaluate(log, **columns, **more)
        verdicts[name] = found.verdict
        truth_in[name] += found.interval[0] <= 0.25 <= found.interval[1]
        width[name].append(found.interval[1] - found.interval[0])
for name in width:
    print(
        f"{name:10}: {verdicts[name]}, mean width {np.mean(width[name]):.3f}, holds the truth in {truth_in[name]} of 30"
    )

# %%
# **What to do.** Give the user column. Without one the verdict is ``weak`` at most, whatever else is well: a log
# whose rows are independent looks the same as one whose rows are not.
