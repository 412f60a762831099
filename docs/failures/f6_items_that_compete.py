"""
Items that compete in a slate
=============================

Weighing each slot by itself promises half as much again as a slate can bring.

A click on one item of a slate is a click that its neighbours do not get. Estimators by position do not know it: they
add up what each slot brought in the company that the *logging* policy gave it.
"""

import json
import tempfile
from pathlib import Path

import serendip

folder = Path(tempfile.mkdtemp())  # users who never change, so that a value of one step is the whole truth
(folder / "world.json").write_text(json.dumps({"base": "tiny", "name": "still", "dynamics": {"kind": "static"}}))
results = serendip.run(["uniform"], folder, seeds=1, days=30, jobs=1, quiet=True)
found = serendip.evaluate(results.log("uniform"), "ease-greedy", truth=True)
print("verdict:", found.verdict)
for reason in found.reasons:
    print("-", reason)

# %%
# The numbers that the verdict keeps you from reading, and what the target really earns when it is run in that world:

for row in found.table.to_pylist():
    if row["value"] is not None:
        print(f"{row['estimator']:16} {row['value']:.3f}")
print(f"{'in truth':16} {found.evaluation.truth:.3f}")

# %%
# **What to do.** Log the probability of the whole slate (``slate_propensity``; ``uniform`` and every agent here that
# can does), and read ``slate_snips`` where its effective sample allows. Where the target's slates are not in the log,
# run a short test of it, or log with more of its slates.
