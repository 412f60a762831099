"""Whether items that were never shown are ever proposed, to whom, and what that costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from serendip.agents.beliefs.belief import Luck, Posterior
from serendip.experiments.beliefs.site import Site
from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.interface import Bools, Floats, Ints

GROUPS = {"low": 0, "high": 2}  # thirds of the users by activity
TOP = 10


def worth(site: Site, users: Ints) -> Floats:
    """Return (B, M) true probability that each item is clicked if shown alone to a rested user who knows its topic."""
    items = np.tile(np.arange(site.world.n_items), (len(users), 1))
    utility = to_numpy(site.world.match(site.world.place(users), site.world.place(items), site.day, site.state))
    return to_numpy(site.world.choice.probabilities(utility.reshape(-1, 1))).reshape(utility.shape)


def proposals(site: Site, users: Ints, posterior: Posterior, n_draws: int) -> Ints:
    """Return (B, n_draws, 10) the best items of hypotheses; where these can be counted, of the first of them.

    Args:
        site: the site, its users and its items.
        users: (B,) the users, none twice.
        posterior: what the belief thinks of its users.
        n_draws: hypotheses that are drawn.
    """
    luck = Luck(randomness.derive(site.world.seed, "proposals"), site.situation(users).visits)
    n = min(n_draws, posterior.n_hypotheses or n_draws)
    best = [np.argpartition(-posterior.draw(index, luck), TOP, axis=1)[:, :TOP] for index in range(n)]
    return np.stack(best, axis=1)


def never_shown(site: Site, users: Ints, truth: Floats, posterior: Posterior, n_draws: int = 8) -> dict[str, Any]:
    """Return, for low- and high-activity users, what their top 10 under a hypothesis are made of.

    `share` of items never shown, number of `distinct` items over the users (one hypothesis each), and `utility`, the
    mean of `truth` (B, M) over the items.

    Args:
        site: the site, its users and its items.
        users: (B,) the users, none twice.
        truth: (B, M) true worth of each item to each user.
        posterior: what the belief thinks of its users.
        n_draws: hypotheses that are drawn.
    """
    top = proposals(site, users, posterior, n_draws)
    found = dict[str, Any]()
    for name, group in GROUPS.items():
        mine: Bools = site.world.groups[users] == group
        own = top[mine]
        found[name] = {
            "share": float(site.never[own].mean()),
            "distinct": len(np.unique(own[:, 0])),
            "utility": float(truth[np.flatnonzero(mine)[:, None, None], own].mean()),
        }
    return found
