"""What a log says of the world that made it: how users choose, what they like, how often they come and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.choices import Choices, fit_choices, make_trials
from serendip.simulator.calibration.from_logs.examination import fit_examination, item_appeal
from serendip.simulator.calibration.from_logs.log_verdict import lacking
from serendip.simulator.calibration.from_logs.reconstruct import LIKED_UTILITY, follow
from serendip.simulator.calibration.from_logs.visits import Course, Moves, fit_moves
from serendip.simulator.calibration.rates import Activity, Rates, fit_rates
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import DataError
from serendip.simulator.interface import Bools, Floats, Ints
from serendip.simulator.logs import Log, open_log
from serendip.simulator.randomness import generator

COLUMNS = ("user_id", "day", "visit", "position", "item_id", "clicked", "propensity")
TASTERS, MOVERS = 4_000, 50_000  # users whose choices, and whose visits, are fitted by maximum likelihood
NOTES = (
    "tastes are known only against each other and against clicking nothing: the mean taste for a liked topic is put at "
    f"{LIKED_UTILITY:g}, and the no-click utility follows",
    "a log shows the product of the satiation effect and its step: the step is the preset worlds'",
    "tastes are right where slates were random; a policy that follows clicks makes users seem to like more",
    "R0, rho, zeta and g0 trade off with A and B: they are held at the given dynamics', and A and B are found to fit",
)


@dataclass(frozen=True, slots=True)
class LogFit:
    """What was found.

    Attributes:
        rates: how often users come and how they leave, were their rates constant (BG/NBD).
        examination: gamma, how much less each further position is looked at.
        choices: what users like, and satiation.
        quality_spread: standard deviation of items' quality within topics, in units of utility.
        moves: base rates, and how activity moves with discovery and satisfaction; None where it was not asked for.
        errors: standard errors of `moves`, as shares of them.
        lacking: why next to nothing can be fitted to such a log, if that is so.
    """

    rates: Rates
    examination: float
    choices: Choices
    quality_spread: float
    moves: Moves | None
    errors: Moves | None
    lacking: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what was found as plain values, with what a log cannot say."""
        return {**asdict(self), "no_click_utility": LIKED_UTILITY - self.choices.liked, "notes": list(NOTES)}


def fit_log(
    path: Path,
    given: Repertoire | None = None,
    *,
    moves: bool = True,
    n_movers: int = MOVERS,
    seed: int = 0,
    force: bool = True,
) -> LogFit:
    """Return the fit to the log in the folder `path`.

    The choice and visit likelihoods condition on what was shown, and items' click rates are weighted by 1 / propensity.
    Still, what users like is right for random slates only: policies that follow clicks make them seem to like more.

    Args:
        path: a log's folder.
        given: dynamics whose R0, rho, zeta, g0 and largest rate hold; None: the default's.
        moves: whether to fit how activity moves (minutes).
        n_movers: users, drawn by `seed`, on whom that is fitted.
        seed: number that the draw of these users follows from.
        force: whether to fit even where the log says next to nothing.

    Raises:
        DataError: not a log, or one without a slot, or it says next to nothing.
    """
    log = open_log(path)
    slots, appeal = read_slots(log)
    little = lacking(slots, log.meta.n_days)
    if little and not force:
        raise DataError(f"{path}: too little to fit a world to ({'; '.join(little)}); --force writes it")
    first = log.users()["first_day"].to_numpy().astype(np.int64)
    activity = _activity(slots["user"], slots["day"], first, log.meta.n_days)
    examination = fit_examination(slots, appeal)
    came = np.unique(slots["user"])
    tasters = generator(seed, "tasters").permutation(came)[:TASTERS]
    choices = fit_choices(make_trials(of_users(slots, tasters, len(first)), examination, appeal))
    found, errors = None, None
    if moves:
        movers = np.sort(generator(seed, "movers").permutation(len(first))[:n_movers])
        known = known_topics(log, movers, len(first)) > 0.0
        found, errors = fit_moves(_course(slots, movers, first, known, examination, appeal, choices, log, given))
    quality_spread = choices.quality_scale * float(appeal.std())
    rates = fit_rates(activity, from_first=False)
    return LogFit(rates, examination, choices, quality_spread, found, errors, little)


def read_slots(log: Log) -> tuple[dict[str, Any], Floats]:
    """Return the slots as columns, with their topics and slates numbered in time, and the items' appeal (M,)."""
    columns = {name: list[Any]() for name in COLUMNS}
    for part in log.batches():
        for name, kept in columns.items():
            kept.append(getattr(part, name))
    if not sum(map(len, columns["day"])):
        raise DataError(f"{log.path}: holds no slots; nothing can be fitted to an empty log")
    found = {name: np.concatenate(kept) for name, kept in columns.items()}
    topic = log.items().topic.astype(np.int64)
    slots: dict[str, Any] = {
        "user": found["user_id"],
        "day": found["day"].astype(np.int64),
        "visit": found["visit"].astype(np.int64),
        "position": found["position"].astype(np.int64),
        "item": found["item_id"],
        "topic": topic[found["item_id"]],
        "clicked": found["clicked"].astype(np.float64),
    }
    slots["slate"] = _number_slates(slots["user"], slots["day"], slots["visit"])
    return slots, item_appeal(slots["item"], slots["clicked"], found["propensity"], topic)


def enough_happens(slots: dict[str, Any], path: Path) -> None:
    """Return where a world can be fitted to the slots of the log `path`.

    Raises:
        DataError: one user only, or nothing was clicked, or everything.
    """
    if len(np.unique(slots["user"])) < 2 or not 0.0 < slots["clicked"].mean() < 1.0:
        raise DataError(f"{path}: too little happens to fit a world to; it needs users who click some of what they see")


def _number_slates(user: Ints, day: Ints, visit: Ints) -> Ints:
    """Return (n,) the number of the slate that each slot stands in; of one user's slates the later has the larger."""
    width = int(visit.max()) + 1
    moment = day * width + visit
    return np.unique(user * (int(moment.max()) + 1) + moment, return_inverse=True)[1]


def of_users(slots: dict[str, Any], users: Ints, n_users: int) -> dict[str, Any]:
    """Return the slots of `users` (m,), who are numbered from 0 in this order, and their slates anew."""
    number = np.full(n_users, -1)
    number[users] = np.arange(len(users))
    rows = np.flatnonzero(number[slots["user"]] >= 0)
    some = {name: column[rows] for name, column in slots.items()}
    some["user"] = number[some["user"]]
    some["slate"] = np.unique(some["slate"], return_inverse=True)[1]
    return some


def known_topics(log: Log, users: Ints, n_users: int) -> Floats:
    """Return (m, K) how often `users` clicked each topic before the log began."""
    topic, past = log.items().topic, log.organic()
    known = np.zeros((n_users, int(topic.max()) + 1))
    if past is not None:
        clicked = past["clicked"].to_numpy(zero_copy_only=False)
        np.add.at(known, (past["user_id"].to_numpy()[clicked], topic[past["item_id"].to_numpy()[clicked]]), 1.0)
    return known[users]


def _course(
    slots: dict[str, Any],
    users: Ints,
    first: Ints,
    known: Bools,
    examination: float,
    appeal: Floats,
    choices: Choices,
    log: Log,
    given: Repertoire | None,
) -> Course:
    """Return the course of `users` (m,)."""
    some = of_users(slots, users, len(first))
    trials = make_trials(some, examination, appeal)
    return follow(some, trials, choices, appeal, first[users], known, log.meta.n_days, given or Repertoire())


def _activity(user: Ints, day: Ints, first: Ints, n_days: int) -> Activity:
    """Return when users came, those included who never did, from the evening before their first day."""
    who, when = np.divmod(np.unique(user * n_days + day), n_days)
    last = first - 1
    np.maximum.at(last, who, when)
    return Activity(np.bincount(who, minlength=len(first)), last - first + 1, n_days - first)


def users_are_numbered(log: Log) -> None:
    """Raise a DataError unless the log's users have the numbers from 0 on, by which a world keeps them."""
    users = np.sort(log.users()["user_id"].to_numpy())
    if (users != np.arange(len(users))).any():
        raise DataError(f"{log.path}: users are not numbered from 0 on, without gaps; a world keeps them by number")
