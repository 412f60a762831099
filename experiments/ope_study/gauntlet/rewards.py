"""Situations that differ in the rewards: rare, nearly certain, amounts with a heavy tail, losses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import Bandit, draw_bandit
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.rounds import OneToFew
from serendip.experiments.ope_study.gauntlet.situation import Drawn
from serendip.simulator.interface import Floats

_SURE = 40.0  # logit of a reward that never fails


def lognormal(spread: float, rng: np.random.Generator, n: int) -> Floats:
    """Return (n,) log-normal amounts with a mean of 1."""
    return np.exp(spread * rng.normal(size=n) - spread**2 / 2.0)


def pareto(index: float, rng: np.random.Generator, n: int) -> Floats:
    """Return (n,) Pareto amounts with a mean of 1."""
    return (1.0 - rng.random(n)) ** (-1.0 / index) * (index - 1.0) / index


def _within_0_and_1(s: Bandit, rng: np.random.Generator) -> Drawn:
    return replace(draw_bandit(s, rng), reward_range=(0.0, 1.0))


def _less_what_it_costs(s: Bandit, rng: np.random.Generator) -> Drawn:
    """Return a log whose rewards are the amounts less a price of .5 for each slot that is shown."""
    drawn = draw_bandit(s, rng)
    reward = drawn.columns["reward"] - 0.5
    return Drawn({**drawn.columns, "reward": reward}, drawn.truth - 0.5, drawn.logged - 0.5)


RARE = situation(
    "rare-rewards",
    summary="About one slot in 150 is rewarded, of 4,500.",
    half="learned",
    settings=Bandit(1500, base=-5.0, n_items=5),
)
RARE_SHORT = situation(
    "rare-rewards-short",
    summary="About one slot in 50 is rewarded, of 900.",
    half="shown",
    settings=Bandit(300, base=-4.0, n_items=5),
    draw=_within_0_and_1,
)
CERTAIN = situation(
    "nearly-certain",
    summary="About one slot in 50 is not rewarded, of 900.",
    half="learned",
    settings=Bandit(300, base=4.0, n_items=5),
)
CERTAIN_LONG = situation(
    "nearly-certain-long",
    summary="About one slot in 200 is not rewarded, of 3,000.",
    half="shown",
    settings=Bandit(1000, base=5.3, n_items=5),
    draw=_within_0_and_1,
)
NONE = situation(
    "none-rewarded",
    summary="In most logs nothing at all is rewarded.",
    half="learned",
    settings=Bandit(400, base=-9.5, n_items=5),
    draw=_within_0_and_1,
)
ALL = situation(
    "all-rewarded",
    summary="In most logs everything is rewarded.",
    half="shown",
    settings=Bandit(400, base=9.0, n_items=5),
    draw=_within_0_and_1,
)
REVENUE = situation(
    "revenue",
    summary="One slot in eight brings an amount, log-normal with a spread of 1.",
    half="learned",
    settings=Bandit(base=-2.0, price=0.4, price_noise=partial(lognormal, 1.0)),
)
REVENUE_HEAVY = situation(
    "revenue-heavy",
    summary="One slot in twenty brings an amount, log-normal with a spread of 1.8.",
    half="shown",
    settings=Bandit(2000, base=-3.0, price=0.4, price_noise=partial(lognormal, 1.8)),
)
REVENUE_PARETO = situation(
    "revenue-pareto",
    summary="One slot in ten brings an amount, Pareto with index 1.6: it has no variance.",
    half="learned",
    settings=Bandit(base=-2.2, price=0.4, price_noise=partial(pareto, 1.6)),
)
AMOUNTS = situation(
    "amounts",
    summary="Each slot brings an amount, log-normal with a spread of .8.",
    half="shown",
    settings=Bandit(base=_SURE, user_spread=0.0, price=0.4, price_noise=partial(lognormal, 0.8)),
)
LOSSES = situation(
    "losses",
    summary="Amounts less a price that each slot costs: rewards below and above 0.",
    half="shown",
    settings=Bandit(1500, OneToFew(3.0), base=0.0, price=0.3, price_noise=partial(lognormal, 0.7)),
    draw=_less_what_it_costs,
)
