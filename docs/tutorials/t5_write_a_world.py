"""
Write a world
=============

Change how users change: first by settings, then by a rule of your own.

A world is a small JSON file laid over a *base*. What it leaves out is as it is there.
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import serendip
from serendip.simulator.dynamics import DynamicsCard
from serendip.simulator.dynamics.static import Static
from serendip.simulator.ranges import Range, check_ranges

folder = Path(tempfile.mkdtemp())


def write_world(name, **settings):
    """Write a world and return its folder."""
    (folder / name).mkdir()
    (folder / name / "world.json").write_text(json.dumps({"base": "tiny", "name": name} | settings))
    return folder / name


# %%
# **By settings.** Here is ``tiny`` with users who tire of a topic sooner and recover later. :doc:`/how-it-works` has
# every symbol of the user model beside its setting's name.

tiring = write_world("tiring", dynamics={"satiation_effect": 0.6, "satiation_days": 10.0})
print(json.dumps(json.loads((tiring / "world.json").read_text()), indent=2))

# %%
# A wrong setting is one sentence, not a stack of surprises:

try:
    serendip.load(write_world("wrong", dynamics={"satiation": 1.0}))
except Exception as error:
    print(error)

# %%
# **By a rule.** A *dynamics* says how users change: what a slate does to them, what a night does, how often they
# come. This one takes users who never change and lets each slate with a click bring them back a little more often.


@dataclass(frozen=True)
class Habit(Static):
    """Users whom each slate with a click brings back more often."""

    step: Annotated[float, Range(least=0)] = 0.03
    """Share by which a slate with a click raises the rate of visits."""

    def __post_init__(self):
        check_ranges(self, "dynamics")

    def respond(self, state, people, users, topics, match, clicked):
        """Change `state` in the rows of `users`, and nothing else."""
        state["rate"][users] *= 1.0 + self.step * clicked.any(axis=1)


card = DynamicsCard(
    name="habit", summary="Users whom each slate with a click brings back.", make=Habit, settings=Habit()
)

# %%
# ``check_dynamics`` runs it in several ways that must come to the same (one user alone and in a crowd, twice from the
# same state, ...). ``add`` takes it in, and it has a name like those that are shipped.

serendip.check_dynamics(card)
serendip.add(card)
habit = write_world("habit", dynamics={"kind": "habit"})

# %%
# In a world where clicks alone bring people back, greed on clicks is hard to beat:

results = serendip.run(["uniform", "ease-greedy"], habit, seeds=1, days=20, jobs=1, quiet=True)
figure = results.plot.activity()

# %%
# From the shell, with the class and its card in ``habit.py``::
#
#     serendip new dynamics habit        # writes the file and a test
#     serendip run discovery --world habit --use habit.py:CARD --agents uniform ease-greedy
