"""
A world from your ratings
=========================

Fit a simulated site to a file of ratings, see how well it matches, and run an agent in it.

Any file with a user, an item and a time will do; a rating is welcome. Here we write one ourselves, of 120 people with
four tastes, in place of yours.
"""

import numpy as np

import serendip

rng = np.random.default_rng(0)
ratings = {"user": [], "item": [], "rating": [], "timestamp": []}
for user in range(120):
    items = rng.choice(80, size=25, replace=False)
    likes = (items % 4 == user % 4) | (rng.random(25) < 0.1)
    ratings["user"] += [f"person {user}"] * 25
    ratings["item"] += [f"film {item}" for item in items]
    ratings["rating"] += np.where(likes, 5, 2).tolist()
    ratings["timestamp"] += (1_500_000_000 + np.cumsum(rng.integers(3_600, 300_000, size=25))).tolist()

# %%
# ``calibrate`` takes a path or a table of any data-frame library. What it cannot know, it says: ratings tell what
# people like and how often they come, but not what was shown to them and passed over.

world = serendip.calibrate(ratings)
print(world.report())

# %%
# The report is worth reading to its end. *Checks* compare the data with people drawn anew from the fitted world;
# *assumed* is what was taken from the world ``default`` because ratings do not tell it. Above all: how much discovery
# moves activity is **assumed**. A fitted world lets you ask "what if users were like this", not "are my users like
# this".
#
# It is a world like any other:

results = serendip.run(["uniform", "ease-greedy"], world, seeds=1, days=12, jobs=1, quiet=True)
figure = results.plot.activity()

# %%
# From the shell, with a file of yours::
#
#     serendip look ratings.csv                       # what would be read, kept and dropped
#     serendip calibrate ratings.csv --out my-world   # also writes fit.png, the checks as curves
#     serendip run discovery --world my-world --agents uniform ease-greedy
#
# A *log* of what was shown tells more than ratings: ``serendip calibrate LOG`` also finds how activity moves. See
# :doc:`/worlds`.
