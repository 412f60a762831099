"""
A short test ships the wrong agent
==================================

What wins in the first days can lose in the end, and no number of users mends it.

Exploration costs clicks now and pays later. A test of a few days sees the cost alone.
"""

import serendip

results = serendip.run(["ease-greedy", "bootstrap-thompson"], "tiny", seeds=2, days=40, jobs=1, quiet=True)
clicks = {}
for agent in results.agents:
    rows = results.daily.where(agent=agent)
    for name, days in {"first 7 days": rows["day"] < 7, "last 14 days": rows["day"] >= 26}.items():
        clicks[agent, name] = rows["clicks"][days].sum() / rows["slates"][days].sum()
for (agent, name), rate in clicks.items():
    print(f"{agent:20} {name}: {rate:.2f} clicks per slate")

# %%
figure = results.plot.discovery()

# %%
# **What to do.** Run for as long as a habit takes to change (here activity follows within ``activity_days``, 14), or
# value the long run from a log (``serendip evaluate LOG --outcome activity``), whose verdict is never better than
# ``weak``. The figure ``early-late`` of every study shows both sides.
