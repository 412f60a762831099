"""`calibrate`: interactions in, a world out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.checks import Check, check
from serendip.simulator.calibration.factors import (
    FactorSettings,
    cluster,
    factorise,
)
from serendip.simulator.calibration.rates import Activity, Rates, activity_of, days_at_risk, fit_rates
from serendip.simulator.calibration.reading import Dated, read_dated
from serendip.simulator.calibration.replicas import History, replicate
from serendip.simulator.calibration.utilities import fit_utilities
from serendip.simulator.calibration.verdict import FitVerdict, judge, leaving_is_fitted
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.dynamics.learning import worth
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import DataError
from serendip.simulator.fitted import Fitted
from serendip.simulator.interface import Floats
from serendip.simulator.population import Cohort, PopulationSettings
from serendip.simulator.randomness import generator
from serendip.simulator.reading import Wanted
from serendip.simulator.settings import WorldSettings
from serendip.simulator.settings_json import settings_to_json, write_json

MIN_POSITIVES = 5
KEPT_SHARE = 0.8
EARLY = 8
N_REPLICAS = 40


@dataclass(frozen=True, slots=True)
class Report:
    """A fitted world and how well it matches.

    Attributes:
        settings: of the world.
        summary: what was read and fitted, as JSON.
        checks: the data against draws from the fitted world.
        verdict: what the fit is worth.
    """

    settings: WorldSettings
    summary: dict[str, Any]
    checks: tuple[Check, ...]
    verdict: FitVerdict

    def to_json(self) -> dict[str, Any]:
        """Return what `fit.json` holds."""
        checks = {c.name: c.to_json() for c in self.checks}
        return self.summary | {"verdict": self.verdict.to_json(), "checks": checks}

    def lines(self) -> list[str]:
        """Return the report as lines of text for a person."""
        data, rates = self.summary["data"], self.summary["rates"]
        head = [
            f"{data['users_kept']:,} users, {data['items_kept']:,} items, {data['positives_kept']:,} positives kept of "
            f"{data['rows']:,} rows; {self.summary['topics']} topics; {data['period']}",
            f"visits per day while present: Gamma({rates['shape']:.3g}, {rates['scale_days']:.3g} days), mean "
            f"{rates['mean_visits_per_day_while_present']:.3g}",
            "the data against draws from the fitted world, halfway along each curve (p: share of draws as far off; "
            "off: largest distance of the data from the middle draw):",
        ]
        return head + [c.line() for c in self.checks] + self.verdict.lines()


def calibrate(
    path: Path,
    out: Path,
    wanted: Wanted | None = None,
    seed: int = 0,
    *,
    n_users: int | None = None,
    force: bool = False,
) -> Report:
    """Fit a world to the interactions in the file `path`, write it to the folder `out` and return how it fits.

    From the data: item factors, quality, topics, tastes, what people know at the start, how often they come, and how
    they leave.  Not in such data, and so those of the preset worlds: the effect of discovery and of satisfaction,
    satiation, examination.  `out` gets world.json, fitted.safetensors and fit.json.

    Args:
        path: the interactions.
        out: folder of the world.
        wanted: what a person says of the file: its columns, what counts as a positive; None: what is found in it.
        seed: of the factorisation, the clustering and the draws that the data are held against.
        n_users: users of the world; None: as many as in the data.
        force: whether to write a world of which the data say next to nothing.

    Raises:
        DataError: the file is not what it should be, or says next to nothing; nothing is written then.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file; give a folder for the world")
    data = read_dated(path, wanted)
    history = _positives(data, path)
    activity = _activity(data, history)
    rates = fit_rates(activity)
    settings = FactorSettings()
    likes = history.likes()
    users, items = factorise(likes, settings, seed)
    topic, n_topics = cluster(items, settings, seed)
    fit = fit_utilities(likes, users, items, topic, n_topics, settings, seed)
    taste, factors, quality = fit.taste, fit.factors, fit.quality
    fitted = Fitted(
        topic=topic.astype(np.int32),
        quality=quality.astype(np.float32),
        factors=factors.astype(np.float32),
        taste=taste.astype(np.float32),
        known=_known(history, topic, n_topics, taste, factors, quality),
        days_active=activity.repeats.astype(np.float32),
        days_watched=days_at_risk(activity, rates).astype(np.float32),
    )
    leaves = leaving_is_fitted(activity, rates)
    world = _settings(out.name, fitted, rates, n_users or len(fitted.taste), leaves=leaves)
    replicas = (
        replicate(history, activity, rates, taste, factors, quality, generator(seed, "replica", r))
        for r in range(N_REPLICAS)
    )
    checks = check(history, replicas, topic, n_topics)
    verdict = judge(history, activity, rates, checks, len(data.user))
    if verdict.unidentified and not force:
        raise DataError(f"{path}: too little to fit a world to ({'; '.join(verdict.unidentified)}); --force writes it")
    report = Report(world, _summary(path, data, history, rates, world, n_topics), checks, verdict)
    out.mkdir(parents=True, exist_ok=True)
    fitted.save(out / "fitted.safetensors")
    write_json(out / "fit.json", report.to_json())
    write_json(out / "world.json", settings_to_json(world))
    return report


def _positives(data: Dated, path: Path) -> History:
    """Return the positives of the items that have enough of them: 5 each, or fewer if that keeps too little."""
    user, item, day = data.user[data.liked], data.item[data.liked], data.day[data.liked]
    pair = user * len(data.item_names) + item
    first = np.sort(np.unique(pair, return_index=True)[1])  # an item liked twice counts once
    user, item, day = user[first], item[first], day[first]
    count = np.bincount(item)
    enough = [k for k in range(1, MIN_POSITIVES + 1) if count[count >= k].sum() >= KEPT_SHARE * len(item)]
    keep = count[item] >= max(enough)
    people, user = np.unique(user[keep], return_inverse=True)
    kept, item = np.unique(item[keep], return_inverse=True)
    if len(people) < 2 or len(kept) < 2:
        raise DataError(
            f"{path}: {len(people)} users and {len(kept)} items with a positive ({data.rule}); a world needs 2 of each"
        )
    end = int(data.day.max()) + 1
    visitor, visit_day = np.divmod(np.unique(data.user * end + data.day), end)
    came = np.isin(visitor, people)
    return History(user, item, day[keep], people, kept, np.searchsorted(people, visitor[came]), visit_day[came])


def _activity(data: Dated, history: History) -> Activity:
    """Return when the people of `history` were active, positives or not."""
    activity = activity_of(data.user, data.day, len(data.user_names))
    at = history.people
    return Activity(activity.repeats[at], activity.recency[at], activity.watched[at])


def _known(
    history: History, topic: Any, n_topics: int, taste: Floats, factors: Floats, quality: Floats
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return (N, K) the repertoire that each user's first positives gave, by the world's own rule of learning."""
    rank = np.arange(len(history.user)) - np.searchsorted(history.user, history.user)
    early = rank < EARLY
    user, item = history.user[early], history.item[early]
    match = (taste[user] * factors[item]).sum(axis=1) + quality[item]
    missing = np.ones((len(taste), n_topics))
    np.multiply.at(missing, (user, topic[item]), 1.0 - Repertoire().learning * np.clip(worth(match), 0.0, 1.0))
    return (1.0 - missing).astype(np.float32)


def _settings(name: str, fitted: Fitted, rates: Rates, n_users: int, *, leaves: bool) -> WorldSettings:
    """Return the settings of the world; base rates are what activity would be without the breadth seen in the data."""
    dynamics = Repertoire()
    breadth = float(fitted.known.sum(axis=1).mean())
    raised = dynamics.discovery_effect * (1.0 - np.exp(-breadth / dynamics.breadth_scale))
    return WorldSettings(
        name=name,
        slate_size=min(5, len(fitted.topic)),
        catalogue=CatalogueSettings(n_items=len(fitted.topic), n_topics=fitted.known.shape[1]),
        population=PopulationSettings(
            n_users=n_users,
            rate_shape=rates.shape,
            rate_scale_days=rates.scale_days,
            organic_clicks=EARLY,
            cohorts=(Cohort(rate=float(np.exp(-raised))),),
        ),
        dynamics={"kind": "repertoire"} | ({"leave_a": rates.leave_a, "leave_b": rates.leave_b} if leaves else {}),
        fitted="fitted.safetensors",
    )


def _summary(
    path: Path, data: Dated, history: History, rates: Rates, world: WorldSettings, n_topics: int
) -> dict[str, Any]:
    """Return what was read and fitted."""
    return {
        "data": {
            "file": path.name,
            "rows": len(data.user),
            "users": len(data.user_names),
            "items": len(data.item_names),
            "positives": int(data.liked.sum()),
            "smallest_positive_rating": data.threshold,
            "period": data.period,
            "users_kept": len(history.people),
            "items_kept": len(history.kept),
            "positives_kept": len(history.user),
        },
        "topics": n_topics,
        "rates": {
            "shape": rates.shape,
            "scale_days": rates.scale_days,
            "leave_a": rates.leave_a,
            "leave_b": rates.leave_b,
            "mean_visits_per_day_while_present": rates.mean_rate,
            "base_rate_factor": world.population.cohorts[0].rate,
        },
        "notes": [
            "rates are those of people who have not left: days active after the first, with a chance of leaving for "
            "good after each (modified BG/NBD), so that a burst on the first day does not count as activity",
            "base rates are lower by base_rate_factor, which is what the breadth of the early history adds",
            "how strongly tastes and qualities decide is fitted: likes are held to be choices by multinomial logit "
            "among all items, so that items' likes, users' mean scores and their likes in each topic are as expected",
            "not identified by likes, and those of the preset worlds: the utility of clicking nothing and examination "
            "by position (no slate and nothing that was passed over is seen; histories are put at a utility of 1), "
            "satiation (what was shown is not seen), the effects of discovery and satisfaction on activity and their "
            "decays (what else users met is not seen); `serendip calibrate LOG` fits these to a log",
        ],
    }
