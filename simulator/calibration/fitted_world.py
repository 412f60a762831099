"""The settings of a world fitted to interactions, and the report of how well it matches them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.beginnings import EARLY
from serendip.simulator.calibration.checks import Check
from serendip.simulator.calibration.rates import Rates
from serendip.simulator.calibration.reading import Dated
from serendip.simulator.calibration.replicas import History
from serendip.simulator.calibration.verdict import FitVerdict
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.fitted import Fitted
from serendip.simulator.population import Cohort, PopulationSettings
from serendip.simulator.settings import WorldSettings


@dataclass(frozen=True, slots=True)
class Report:
    """A fitted world and how well it matches.

    Attributes:
        settings: settings of the fitted world.
        summary: what was read and fitted, as JSON.
        checks: the data against draws from the fitted world.
        verdict: what the fit is worth.
        said: what was read and guessed, in sentences.
    """

    settings: WorldSettings
    summary: dict[str, Any]
    checks: tuple[Check, ...]
    verdict: FitVerdict
    said: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what `fit.json` holds."""
        checks = {c.name: c.to_json() for c in self.checks}
        return self.summary | {"verdict": self.verdict.to_json(), "checks": checks}

    def lines(self) -> list[str]:
        """Return the report as lines of text for a person."""
        data, rates = self.summary["data"], self.summary["rates"]
        head = [
            *self.said,
            f"{data['users_kept']:,} users, {data['items_kept']:,} items, {data['positives_kept']:,} positives kept of "
            f"{data['rows']:,} rows; {self.summary['topics']} topics; {data['period']}",
            f"visits per day while present: Gamma({rates['shape']:.3g}, {rates['scale_days']:.3g} days), mean "
            f"{rates['mean_visits_per_day_while_present']:.3g}",
            "the data against draws from the fitted world, halfway along each curve (p: share of draws as far off; "
            "off: largest distance of the data from the middle draw):",
        ]
        return head + [c.line() for c in self.checks] + self.verdict.lines()


def settings_of(name: str, fitted: Fitted, rates: Rates, n_users: int, *, leaves: bool) -> WorldSettings:
    """Return the settings of the world; base rates are what activity would be without the breadth seen in the data.

    Args:
        name: name of the world.
        fitted: items and people as fitted.
        rates: how often people come and when they leave, as fitted.
        n_users: users of the world.
        leaves: whether leaving is fitted, and not that of the preset worlds.
    """
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


def summary_of(
    path: Path, data: Dated, history: History, rates: Rates, world: WorldSettings, n_topics: int
) -> dict[str, Any]:
    """Return what was read and fitted.

    Args:
        path: the file that was read.
        data: the interactions as read.
        history: the positives of the data.
        rates: how often people come and when they leave, as fitted.
        world: settings of the fitted world.
        n_topics: number of topics.
    """
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
