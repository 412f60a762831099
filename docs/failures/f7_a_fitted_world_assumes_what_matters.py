"""
A fitted world assumes what matters most
========================================

Ratings tell what people like. They do not tell whether discovery brings them back.

Here are ratings from two sites. At one, discovery and satisfaction bring people back; at the other (``frozen``)
nothing does. A world is fitted to each.
"""

import json
import tempfile
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

import serendip

fits = {}
for name, effects in {"moved": {}, "frozen": {"discovery_effect": 0.0, "satisfaction_effect": 0.0}}.items():
    folder = Path(tempfile.mkdtemp())
    (folder / "world.json").write_text(json.dumps({"base": "tiny", "name": name, "dynamics": effects}))
    site = serendip.run(["uniform"], folder, seeds=1, days=60, jobs=1, quiet=True)
    rows = pq.read_table(site.log("uniform") / "decisions", columns=["user_id", "item_id", "day", "clicked"])
    likes = rows.filter(pc.field("clicked"))  # what a file of likes would hold
    fits[name] = serendip.calibrate(likes, user="user_id", item="item_id", time="day", time_unit="days")

# %%
# How far discovery moves activity (A) and satisfaction does (B), in truth and in the fitted worlds:

for name, truth in {"moved": "2.6, 2.5", "frozen": "0, 0"}.items():
    dynamics = fits[name].dynamics
    print(f"{name:7} in truth A, B = {truth}; fitted {dynamics.discovery_effect}, {dynamics.satisfaction_effect}")

# %%
# They are the same, and the report of either fit says why:

print(next(line for line in fits["frozen"].report().splitlines() if "effects of discovery" in line))

# %%
# **What to do.** Fit to a *log* of what was shown (``serendip calibrate LOG``), which tells A and B, or carry a
# result over a range of them: a folder with ``{"base": ..., "dynamics": {"discovery_effect": 0}}`` is a world.
