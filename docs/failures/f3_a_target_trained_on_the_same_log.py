"""
A target trained on the same log
================================

Pick the luckiest item of a log, and the log will praise the choice.

The verdict catches a target that ranks items by this very log. It cannot see one that picks the luckiest item for
each of many *segments*: such a target has looked at the log's noise, and the log has no way to know.
"""

import numpy as np

import serendip

N_ROUNDS, N_ITEMS, N_SEGMENTS = 1_200, 6, 4


def coverage(train_on_the_same_log, n_logs=25):
    """Return how many logs are called reliable, and in how many of these the interval holds the truth."""
    called, held = 0, 0
    for seed in range(n_logs):
        rng = np.random.default_rng(seed)
        rate = rng.uniform(0.1, 0.2, N_ITEMS)  # the same for every segment: there is nothing to be found
        rounds = [(rng.integers(N_SEGMENTS, size=N_ROUNDS), rng.integers(N_ITEMS, size=N_ROUNDS)) for _ in range(2)]
        logs = [(segment, item, rng.random(N_ROUNDS) < rate[item]) for segment, item in rounds]
        segment, item, click = logs[0] if train_on_the_same_log else logs[1]
        best = np.array(
            [np.argmax([click[(segment == s) & (item == i)].mean() for i in range(N_ITEMS)]) for s in range(N_SEGMENTS)]
        )
        segment, item, click = logs[0]
        chance = np.where(item == best[segment], 0.9 + 0.1 / N_ITEMS, 0.1 / N_ITEMS)
        log = {
            "click": click.astype(int),
            "p": np.full(N_ROUNDS, 1 / N_ITEMS),
            "pi": chance,
            "user": np.arange(N_ROUNDS),
        }
        found = serendip.evaluate(log, reward="click", propensity="p", target="pi", user="user")
        truth = 0.9 * rate[best].mean() + 0.1 * rate.mean()
        called += found.verdict == "reliable"
        held += found.verdict == "reliable" and found.interval[0] <= truth <= found.interval[1]
    return called, held


# %%
for same, words in ((True, "the same log"), (False, "a log of other users")):
    called, held = coverage(same)
    print(f"trained on {words}: {called} of 25 called reliable; the interval holds the truth in {held} of these")

# %%
# **What to do.** Train on other users than those the target is valued on. ``serendip evaluate LOG --target AGENT``
# does so by itself: it trains on one half of the users, values on the other, and the reverse. For a column of your
# own, nobody can.
