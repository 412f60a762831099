"""
Clicks that are regretted
=========================

The policy that is clicked most can have the fewest users.

In the world ``clickbait`` a quarter of the topics are clicked now and regretted later. Nothing in a log of clicks
says so. ``oracle-myopic`` is no agent: it sees what every user would click at this moment, and shows the most clicked
slate there is.
"""

import json
import tempfile
from pathlib import Path

import serendip

folder = Path(tempfile.mkdtemp())
(folder / "world.json").write_text(json.dumps({"base": "clickbait", "name": "bait", "population": {"n_users": 200}}))
results = serendip.run(["uniform", "ease-greedy", "oracle-myopic"], folder, seeds=1, days=45, jobs=1, quiet=True)
for row in results.summary.to_pylist():
    print(
        f"{row['agent']:14} {row['late_click_rate']:.2f} clicks per slate, {row['visitors']:.1f} users a day at the end"
    )

# %%
# The most clicks, and fewer users than slates drawn by lot. Note also that here an oracle is no upper bound: it knows
# what is clicked, not what is good for users.

figure = results.plot.activity()

# %%
# **What to do.** Judge by who comes back, over weeks: low-activity users a day is the headline here for that reason.
# Put ``--world clickbait`` beside every result that rests on clicks.
