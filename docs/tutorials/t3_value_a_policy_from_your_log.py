"""
Value a policy from your log
============================

A log of what one policy showed says what another policy would have earned, if the log has the probability of each
choice.

The log can be a Parquet or CSV file, or a table of any data-frame library. Four columns matter:

- the **reward** of what was shown, such as a click;
- its **propensity**: the probability with which the logging policy showed it;
- the probability with which the **target** policy would show it in the same place;
- the **user**, because rounds of one user are alike.
"""

import matplotlib.pyplot as plt
import numpy as np

import serendip

rng = np.random.default_rng(0)
n_rounds = 6_000
logging = np.array([0.4, 0.3, 0.2, 0.1])  # how often the site shows each of four banners
target = np.array([0.1, 0.2, 0.3, 0.4])  # how often the new policy would
click_rate = np.array([0.10, 0.15, 0.20, 0.35])  # what nobody knows in life
banner = rng.choice(4, size=n_rounds, p=logging)
log = {
    "user": np.repeat(np.arange(n_rounds // 4), 4),
    "banner": banner,
    "click": (rng.random(n_rounds) < click_rate[banner]).astype(int),
    "pscore": logging[banner],
    "pi": target[banner],
}

# %%
# First the **audit**: can these propensities be what they say they are? Weighted by 1 / propensity, every item must
# come out as if it had been shown equally often, in the whole log and in many parts of it. The audit also says how
# small an error it would have noticed.

audit = serendip.audit(log, propensity="pscore", item="banner")
print("what failed:", [check.detail for check in audit.checks if check.passed is False] or "nothing")
print(f"propensities too small by a factor of {audit.power.too_small:.2f} would have shown")

# %%
# Then the value. Each row counts target / propensity times (its *importance weight*), so that the rows look like rows
# of the target.

columns = {"reward": "click", "propensity": "pscore", "user": "user"}
estimate = serendip.evaluate(log, target="pi", **columns)
print(estimate)
print("in truth:", click_rate @ target)

# %%
# There are several estimators, and the report names the one to go by. It never prefers a biased one for being narrow.

table = estimate.table
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for place, row in enumerate(table.to_pylist()):
    colour = "#0072B2" if row["recommended"] else "#9A9A9A"
    axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=3)
    axes.plot(row["value"], place, "o", color=colour)
axes.axvline(click_rate @ target, color="black", linestyle=":", label="truth")
axes.set_yticks(range(len(table)), table["estimator"])
axes.set_xlabel("clicks per slot under the target, with 95% interval")
axes.legend(frameon=False)

# %%
# What an answer of this kind means: the target's mean reward **in the situations that the logging policy brought
# about**. Where users change with what they are shown, that is not its long-run value; :doc:`t8_read_a_verdict` and
# :doc:`/off-policy` go on from here. From the shell::
#
#     serendip audit log.parquet --columns propensity=pscore item=banner
#     serendip evaluate log.parquet --columns reward=click propensity=pscore user=user --target-column pi
