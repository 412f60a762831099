"""
Run a study
===========

Ask whether exploration helps, in a way that can answer no.

Three rules make the difference between a study and a demonstration:

1. **Seeds are worlds**, and the world is what is counted. Lifts are paired: the same users, the same luck.
2. **Controls** show what a lift is made of. ``bootstrap-shuffled`` is as random as ``bootstrap-thompson``, but not
   where the models disagree. In the world ``null`` discovery moves nothing; in ``frozen`` nothing moves anything.
3. **What counts is decided beforehand**: here low-activity users a day at the end, over ``ease-greedy``.
"""

import tempfile

import serendip

agents = ["ease-greedy", "bootstrap-thompson", "bootstrap-shuffled"]
folder = tempfile.mkdtemp()
results = serendip.run(agents, "tiny", seeds=3, days=14, out=folder, jobs=1, quiet=True)

# %%
# A run that was stopped goes on when it is asked for again, and ends with the same bytes. What is done is not done
# twice:

again = serendip.run(agents, "tiny", seeds=3, days=14, out=folder, jobs=1, quiet=True)
assert again.daily.to_pylist() == results.daily.to_pylist()

# %%
# The lifts, paired over worlds, with 95% intervals. Three worlds are the least for an interval. An exact sign test of
# three worlds cannot fall below .25, or below .5 for two agents (Holm), so ``p`` says nothing here; with six it can
# fall below .05.

for row in results.lifts(over="ease-greedy").to_pylist():
    if row["group"] == "low":
        print(f"{row['agent']:20} {row['lift']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]  p {row['p']:.2f}")

# %%
# As a picture. A bar that holds 0 says: no difference was shown, which is not the same as no difference.

figure = results.plot.lifts()

# %%
# What a short test sees (across) against what comes of it (up). What an A/B test of two weeks would ship stands far
# right; what one wants stands high.

figure = results.plot.early_late()

# %%
# The daily counts are a table for any data-frame library; :doc:`/data-dictionary` has its columns.

print(results.daily)

# %%
# From the shell, at a size that can answer (about an hour on two cores)::
#
#     serendip run discovery --seeds 6 --days 240 --agents ease-greedy bootstrap-thompson bootstrap-shuffled --out study
#     serendip run discovery --world null --seeds 6 --days 240 --agents ease-greedy bootstrap-thompson --out control
#     serendip report study          # one page to send
#
# What such studies found is in :doc:`/discovery`.
