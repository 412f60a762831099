"""
Weights that look perfect
=========================

The worst log has the best effective sample size.

A sampler picks one of ten models at random and shows its favourite. Somebody logs the propensity of the *model's*
choice, which is 1, in place of the probability that the item is shown. All weights are then alike, which looks like
the best log there is.
"""

import numpy as np

import serendip

rng = np.random.default_rng(0)
n, n_items = 8_000, 10
chance = np.array([0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02])  # how often an item is really shown
rate = np.linspace(0.05, 0.4, n_items)  # what is shown least is clicked most
item = rng.choice(n_items, size=n, p=chance)
click = (rng.random(n) < rate[item]).astype(int)
target = np.full(n_items, 0.1)  # the target shows all alike; its value is the mean rate
for name, pscore in {"logged as 1": np.ones(n), "logged right": chance[item]}.items():
    weight = target[item] / pscore
    effective = weight.sum() ** 2 / (weight**2).sum()
    log = {"user": np.arange(n), "item": item, "click": click, "pscore": pscore, "pi": target[item]}
    found = serendip.evaluate(log, reward="click", propensity="pscore", target="pi", user="user")
    snips = (weight * click).sum() / weight.sum()
    checks = serendip.audit(log, propensity="pscore", item="item").checks
    broken = [check.detail for check in checks if check.passed is False]
    print(
        f"{name}: {effective:.0f} of {n} slots in effect, SNIPS {snips:.3f} (truth {rate.mean():.3f}), {found.verdict}"
    )
    print("   the audit finds:", *(broken or ["nothing"]), sep="\n      ")

# %%
# **What to do.** Audit before you value. What a weight must have is a mean of 1 against any policy; the effective
# sample size says how noisy a value is, never whether it is right.
