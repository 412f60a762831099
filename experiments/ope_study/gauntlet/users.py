"""Situations that differ in the users: many or few, alike or not, with a few who have most of the rounds."""

from __future__ import annotations

import numpy as np

from serendip.experiments.ope_study.gauntlet.bandit import Bandit, draw_bandit
from serendip.experiments.ope_study.gauntlet.make import situation
from serendip.experiments.ope_study.gauntlet.rounds import Fixed, LogNormal, OneToFew, Pareto
from serendip.experiments.ope_study.gauntlet.situation import Drawn


def _without_users(s: Bandit, rng: np.random.Generator) -> Drawn:
    return draw_bandit(s, rng).with_columns(user=None)


PLAIN = situation(
    "plain", summary="A thousand users with three rounds each, eight items.", half="learned", settings=Bandit()
)
MANY_ITEMS = situation(
    "many-items",
    summary="Forty items, of which either policy mostly shows one.",
    half="shown",
    settings=Bandit(n_users=2000, n_items=40),
)
PERSONAS = situation(
    "personas",
    summary="Twelve personas with tastes of their own over 64 items; policies know the persona.",
    half="shown",
    settings=Bandit(n_users=2000, n_items=64, n_kinds=12, item_spread=0.2, kind_spread=1.0, target_epsilon=0.6),
)
HEAVY = situation(
    "heavy-users",
    summary="Rounds a user are Pareto with index 1.2, and who comes more clicks more.",
    half="learned",
    settings=Bandit(rounds=Pareto(1.2, 5000), slope=0.4, n_kinds=1, n_items=4),
)
LOGNORMAL = situation(
    "lognormal-users",
    summary="Rounds a user are log-normal, and who comes more clicks more.",
    half="shown",
    settings=Bandit(rounds=LogNormal(), slope=0.3),
)
FEW = situation(
    "few-users",
    summary="Twelve users with a hundred rounds each.",
    half="learned",
    settings=Bandit(12, Fixed(100), user_spread=0.8),
)
SOME = situation(
    "some-users",
    summary="Forty users with thirty rounds each.",
    half="shown",
    settings=Bandit(40, Fixed(30), user_spread=1.0),
)
DIFFERENT = situation(
    "different-users",
    summary="Three hundred users who differ much in how likely they click.",
    half="shown",
    settings=Bandit(300, OneToFew(9.0), user_spread=1.5),
)
NOBODY = situation(
    "no-user-column",
    summary="No user column, and rows are independent.",
    half="learned",
    settings=Bandit(3000, Fixed(1)),
    draw=_without_users,
)
HIDDEN = situation(
    "hidden-users",
    summary="No user column, though rows are of 150 users, user by user.",
    half="shown",
    settings=Bandit(150, OneToFew(19.0), user_spread=1.2),
    draw=_without_users,
)
MIXED = situation(
    "hidden-users-mixed",
    summary="No user column, though rows are of 150 users, in the order of time.",
    half="learned",
    settings=Bandit(150, OneToFew(19.0), user_spread=1.2, in_time=True),
    draw=_without_users,
)
