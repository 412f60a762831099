"""
Play
====

Be the user, and watch an agent make up its mind about you.

``serendip play`` opens three games on a page of your own machine: *be the recommender* (you choose the slates, an
unseen user comes back or not), *be the user* (an agent shows you slates), *watch* (two agents in the same world).
This lesson plays the second one by program, to see what the page shows.
"""

import matplotlib.pyplot as plt
import numpy as np

import serendip
from serendip.experiments.play.games import Table

table = Table(serendip.load("tiny"))
seen = table.begin("user", {"agent": "vae-thompson", "seed": 4})
game = seen.pop("game")

# %%
# Every slate comes with its exact propensities: how likely each item was to stand where it stands.

for card in seen["slate"]:
    print(f"{card['title']:8} of topic {card['topic']:2}, shown with probability {card['propensity']:.3f}")

# %%
# Our user likes two topics, clicks whatever is of these, and passes over everything else, for 40 slates.

liked = {2, 5}
doubts, means = [seen["belief"]["spread"]], [seen["belief"]["mean"]]
for _ in range(40):
    of_liked = [place for place, card in enumerate(seen["slate"]) if card["topic"] in liked]
    seen = table.move(game, {"click": of_liked[0] if of_liked else None})
    means.append(seen["belief"]["mean"])
    doubts.append(seen["belief"]["spread"])
print(f"{seen['clicks']} clicks in 40 slates")

# %%
# What the agent expects of each topic, slate by slate, and how unsure it is of the two that our user likes (bands). It
# put one of them first from the start, its doubts shrank with each click, and it never gave the other a chance:
# believing too much too soon is what exploration is meant to prevent, and posterior sampling with an autoencoder does
# not always prevent it.

figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
for topic, (line, doubt) in enumerate(zip(np.array(means).T, np.array(doubts).T, strict=True)):
    axes.plot(line, color="#D55E00" if topic in liked else "#C8C8C8", zorder=3 if topic in liked else 1)
    if topic in liked:
        axes.fill_between(range(len(line)), line - doubt, line + doubt, color="#D55E00", alpha=0.15, linewidth=0)
axes.set(xlabel="slates seen", ylabel="what the agent expects of a topic\n(0: the worst, 1: the best)")
axes.set_title("orange: the topics that our user likes", fontsize=10, loc="left")

# %%
# On the page it looks like this, on a phone and in the dark, too::
#
#     pip install 'serendip[play]'
#     serendip play --world tiny
#
# .. image:: /play.png
#    :alt: The page of serendip play: a slate of titles with their probabilities, and beside it the agent's belief
