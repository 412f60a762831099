"""
Read a verdict
==============

``reliable``, ``weak`` and ``invalid`` are measured promises. Here is one log for each, and what to do with it.

The verdict of an off-policy value is about the *log*: has it seen enough of what the target would show?

- ``reliable``: the 95% interval of the recommended estimate has held the truth in 93% of logs or more, in every kind
  of log that was tried (:doc:`/off-policy`). Act on the interval.
- ``weak``: read the interval, do not act on it alone.
- ``invalid``: do not read the number.
"""

import numpy as np

import serendip

click_rate = np.array([0.10, 0.15, 0.20, 0.35])
target = np.array([0.05, 0.05, 0.1, 0.8])


def log_of(logging, n_rounds, seed=0):
    """Return a log of a policy that shows item k with probability `logging[k]`."""
    rng = np.random.default_rng(seed)
    item = rng.choice(4, size=n_rounds, p=logging)
    return {
        "user": np.arange(n_rounds) // 4,
        "click": (rng.random(n_rounds) < click_rate[item]).astype(int),
        "pscore": np.array(logging)[item],
        "pi": target[item],
    }


def value(log):
    """Print what a log says of the target."""
    found = serendip.evaluate(log, reward="click", propensity="pscore", target="pi", user="user")
    print(f"verdict: {found.verdict}")
    if found.value is not None:
        print(f"value {found.value:.3f}, 95% interval {found.interval[0]:.3f} to {found.interval[1]:.3f}", end=", ")
        print(f"by {found.recommended}; in truth {click_rate @ target:.3f}")
    for reason in found.reasons:
        print("-", reason)


# %%
# **Reliable.** The logging policy shows everything often, and the target is not far off.

value(log_of([0.3, 0.3, 0.2, 0.2], 4_000))

# %%
# **Weak.** The same question to a short log that hardly shows what the target likes. There is an interval, and it may
# well be right; but a handful of rows carry it. More of the same log, or more exploration, mends it.

value(log_of([0.5, 0.3, 0.18, 0.02], 800))

# %%
# **Invalid.** The site never shows the item that the target mostly shows. No estimator can know what was never seen.
# The number is withheld on purpose. What mends it is a logging policy that explores, and nothing else.

value(log_of([0.5, 0.3, 0.2, 0.0], 4_000))

# %%
# **Wrong propensities** are found, too: here they are written down of a policy that was not the one that ran.

log = log_of([0.3, 0.3, 0.2, 0.2], 4_000)
log["pscore"] = np.full(4_000, 0.25)
value(log)

# %%
# For pipelines: ``serendip evaluate LOG --target AGENT --require reliable`` ends with exit code 3 where the verdict
# is less.
#
# The same three words stand over a policy that was learned from a log (``serendip learn``), over activity in the long
# run (``--outcome activity``; never better than ``weak``), and over a world fitted to data (``serendip calibrate``).
# A study has none: it has intervals, and nothing is significant below three seeds.
