"""
Write an agent
==============

Twenty lines: say which slates to show, learn from what was clicked, and the rest follows.

``serendip new agent my_agent`` writes a file like this one, with a test beside it.
"""

import numpy as np

import serendip
from serendip.simulator.errors import SerendipError


class Curious(serendip.Agent):
    """Shows what is clicked most often where it is shown, and tries what was shown little."""

    epsilon = 0.05  # share of uniformly random slates, so that any policy can be valued from the log

    def __init__(self, items, slate_size, seed, width=1.0):
        super().__init__(items, slate_size, seed)
        self.width = width
        self.clicks = np.zeros(items.n_items)
        self.shown = np.zeros(items.n_items)

    def choose(self, visits, luck):
        """Return the slates (B, L) to show to B visitors. All that is random comes from `luck`."""
        mean = (self.clicks + 1) / (self.shown + 10)
        doubt = np.sqrt(mean * (1 - mean) / (self.shown + 10))  # of a click rate with a Beta(1, 9) prior
        score = mean + self.width * doubt * luck.normals(self.items.n_items)  # (B, M): Thompson sampling, nearly
        score[:, ~visits.available] = -np.inf
        return np.argsort(-score, axis=1)[:, : self.slate_size]

    def observe(self, visits, slates, feedback):
        """Remember what was shown and clicked."""
        super().observe(visits, slates, feedback)
        np.add.at(self.shown, slates.items, 1)
        np.add.at(self.clicks, slates.items, feedback.clicked)


# %%
# ``check_agent`` lets it serve a small site in several ways that must come to the same: visit by visit and in
# batches, saved and loaded, asked again for the probabilities of what it showed. It raises a sentence where something
# is off.

serendip.check_agent(Curious)

# %%
# What fails it? Randomness of its own, for example. Then nobody could ask the agent again what it would have shown.


class Careless(Curious):
    """The same, but for randomness of its own."""

    def choose(self, visits, luck):
        """Return slates that nobody can find again."""
        order = np.random.default_rng().random((len(visits.user_ids), self.items.n_items))
        return np.argsort(order + ~visits.available, axis=1)[:, : self.slate_size]


try:
    serendip.check_agent(Careless)
except SerendipError as error:
    print(error)

# %%
# It runs beside those that are shipped, by its class. A file works as well: ``my_agent.py:Curious``.

results = serendip.run(["popularity", "popularity-thompson", Curious], "tiny", seeds=1, days=20, jobs=1, quiet=True)
figure = results.plot.activity()

# %%
# Its log has exact propensities although nobody wrote a line for them: the base class asks ``choose`` for several
# slates with different luck, plays one of them, and counts. :doc:`/how-it-works` has the formula. An agent that is a
# *belief* with a *strategy* (Thompson sampling, UCB, ...) need not choose slates at all: see "Add an agent" in
# CONTRIBUTING.md.
