"""
Explore in a world
==================

Let agents meet simulated users, and see whose users come back.

A *world* is a simulated site: users who visit or stay away, items in topics, and rules for how people change with
what they are shown. An *agent* chooses what each visitor sees. Every agent meets the same users with the same luck,
so that what differs between two agents is what they did.
"""

import serendip

# %%
# Which agents and worlds there are is a list away. A sentence says what each is for.

for name, what in list(serendip.list("agents").items())[:4]:
    print(f"{name:14} {what}")

# %%
# ``tiny`` is a world of a hundred users, to try things in. Three agents live in it for 25 days:
#
# - ``uniform`` shows anything at all;
# - ``ease-greedy`` shows what its model expects to be clicked;
# - ``bootstrap-thompson`` has ten models that disagree where data are few. At each slate it believes one of them,
#   drawn at random, and so tries what may be good. That is Thompson sampling.
#
# ``oracle-growth`` is no agent: it sees what users hide, and shows how much there is to gain.

agents = ["uniform", "ease-greedy", "bootstrap-thompson", "oracle-growth"]
results = serendip.run(agents, "tiny", seeds=2, days=25, jobs=1, quiet=True)

# %%
# The figure has one panel for each third of the users, by how often they came *before* anything was shown. A rising
# curve means that users of that third come more often. Keep a figure by ``figure.savefig("activity.png")``, or
# ``.svg``, ``.pdf``.

figure = results.plot.activity()

# %%
# Numbers, too: users of the low-activity third who visit on a day (mean of the last days), clicks per slate early and
# late, and how many liked topics people know in the end.

for row in results.summary.to_pylist():
    print(
        f"{row['agent']:20} low-activity users a day {row['low_visitors']:5.1f}   "
        f"clicks per slate {row['early_click_rate']:.2f} -> {row['late_click_rate']:.2f}   "
        f"liked topics known {row['liked_known']:.1f}"
    )

# %%
# Two seeds are two worlds: no basis for a conclusion. An interval needs three seeds, a sign test below .05 six.
# :doc:`t7_run_a_study` shows how to ask the question properly, and ``serendip run`` does all of this from the shell::
#
#     serendip run discovery --world tiny --agents uniform ease-greedy bootstrap-thompson --seeds 3 --days 40
