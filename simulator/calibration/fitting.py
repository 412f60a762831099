"""`calibrate`: interactions in, a world out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from serendip.simulator.calibration.beginnings import activity_in, known_at_first, positives
from serendip.simulator.calibration.checks import check
from serendip.simulator.calibration.factors import FactorSettings, cluster, factorise
from serendip.simulator.calibration.fitted_world import Report, settings_of, summary_of
from serendip.simulator.calibration.rates import days_at_risk, fit_rates
from serendip.simulator.calibration.reading import read_dated
from serendip.simulator.calibration.replicas import replicate
from serendip.simulator.calibration.utilities import fit_utilities
from serendip.simulator.calibration.verdict import judge, leaving_is_fitted
from serendip.simulator.errors import DataError
from serendip.simulator.fitted import Fitted
from serendip.simulator.randomness import generator
from serendip.simulator.reading import Wanted
from serendip.simulator.reading.titles import read_titles, write_names
from serendip.simulator.settings_json import settings_to_json, write_json

N_REPLICAS = 40
STEPS = 4

At = Callable[[str, int, int], None]


def calibrate(
    path: Path,
    out: Path,
    wanted: Wanted | None = None,
    seed: int = 0,
    *,
    n_users: int | None = None,
    force: bool = False,
    titles: Path | None = None,
    at: At | None = None,
) -> Report:
    """Fit a world to the interactions in the file `path`, write it to the folder `out` and return how it fits.

    From the data: item factors, quality, topics, tastes, what people know at the start, how often they come, and how
    they leave.  Not in such data, and so those of the preset worlds: the effect of discovery and of satisfaction,
    satiation, examination.  `out` gets world.json, fitted.safetensors, fit.json, and
    items.csv and users.csv, which say what the data call each row of the world's items and people.

    Args:
        path: the interactions.
        out: folder of the world.
        wanted: what a person says of the file: its columns, what counts as a positive; None: what is found in it.
        seed: of the factorisation, the clustering and the draws that the data are held against.
        n_users: users of the world; None: as many as in the data.
        force: whether to write a world of which the data say next to nothing.
        titles: a file with the ids of items and their titles (and genres), which then stand in items.csv.
        at: takes what is being done, the steps that are done and how many there are.

    Raises:
        DataError: the file is not what it should be, or says next to nothing; nothing is written then.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file; give a folder for the world")
    tell = at or _silent
    tell("reading", 0, STEPS)
    data = read_dated(path, wanted)
    known_as = read_titles(titles) if titles else None
    history = positives(data, path)
    activity = activity_in(data, history)
    rates = fit_rates(activity)
    settings = FactorSettings()
    likes = history.likes()
    tell("fitting tastes and topics", 1, STEPS)
    users, items = factorise(likes, settings, seed)
    topic, n_topics = cluster(items, settings, seed)
    tell("fitting utilities", 2, STEPS)
    fit = fit_utilities(likes, users, items, topic, n_topics, settings, seed)
    taste, factors, quality = fit.taste, fit.factors, fit.quality
    fitted = Fitted(
        topic=topic.astype(np.int32),
        quality=quality.astype(np.float32),
        factors=factors.astype(np.float32),
        taste=taste.astype(np.float32),
        known=known_at_first(history, topic, n_topics, taste, factors, quality),
        days_active=activity.repeats.astype(np.float32),
        days_watched=days_at_risk(activity, rates).astype(np.float32),
    )
    leaves = leaving_is_fitted(activity, rates)
    world = settings_of(out.name, fitted, rates, n_users or len(fitted.taste), leaves=leaves)
    tell("drawing what the world would make, to hold the data against", 3, STEPS)
    rngs = [generator(seed, "replica", r) for r in range(N_REPLICAS)]
    replicas = replicate(history, activity, rates, taste, factors, quality, rngs)
    checks = check(history, replicas, topic, n_topics)
    verdict = judge(history, activity, rates, checks, len(data.user))
    if verdict.unidentified and not force:
        raise DataError(f"{path}: too little to fit a world to ({'; '.join(verdict.unidentified)}); --force writes it")
    report = Report(world, summary_of(path, data, history, rates, world, n_topics), checks, verdict, data.said)
    out.mkdir(parents=True, exist_ok=True)
    fitted.save(out / "fitted.safetensors")
    write_names(out / "items.csv", "item", data.item_names[history.kept], known_as)
    write_names(out / "users.csv", "user", data.user_names[history.people])
    write_json(out / "fit.json", report.to_json())
    write_json(out / "world.json", settings_to_json(world))
    return report


def _silent(what: str, done: int, there_are: int) -> None:
    """Take what is being done, and say nothing of it."""
