"""`calibrate_log`: a log in, a world out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.read import LogFit, fit_log
from serendip.simulator.calibration.from_logs.visits import LEAST, MOST
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import DataError
from serendip.simulator.logs import open_log
from serendip.simulator.population import PopulationSettings
from serendip.simulator.settings import WorldSettings
from serendip.simulator.settings_json import settings_to_json, write_json

LARGEST_ERROR = 0.5  # standard error, as a share of the value, from which a log does not say what a value is


@dataclass(frozen=True, slots=True)
class LogReport:
    """A world fitted to a log.

    Attributes:
        settings: settings of the fitted world.
        fit: what was found.
    """

    settings: WorldSettings
    fit: LogFit

    def lines(self) -> list[str]:
        """Return the report as lines of text for a person."""
        people, dynamics, choice = self.settings.population, self.settings.dynamics, self.settings.choice
        errors = self.fit.errors
        found = [
            f"{self.settings.catalogue.n_items:,} items in {self.settings.catalogue.n_topics} topics, slates of "
            f"{self.settings.slate_size}, {self.settings.mean_slates:.2f} a visit",
            f"users like {people.liked_topics:.2f} topics; tastes for others {people.other_mean:.2f}, spread "
            f"{people.taste_spread:.2f}, quality {self.settings.catalogue.quality_spread:.2f}",
            f"no click {choice['outside']:.2f}, examination {choice['examination']:.3f}, satiation "
            f"{dynamics['satiation_effect']:.3f} for {dynamics['satiation_days']:.2f} days",
        ]
        if self.fit.moves is not None and errors is not None:
            shares = {name: getattr(errors, name) for name in errors.__slots__}
            values = {name: getattr(self.fit.moves, name) for name in errors.__slots__}
            found += [f"  {name:<20} {values[name]:8.4g}   +- {shares[name]:.1%}" for name in values]
        found += [f"not identified: {name}; the default's is taken" for name in unidentified(self.fit)]
        return found + [f"note: {note}" for note in self.fit.to_json()["notes"]]


def unidentified(fit: LogFit) -> list[str]:
    """Return the names of what a log was asked and could not say: errors of half or more, or a search at its border."""
    moves, errors = fit.moves, fit.errors
    if moves is None or errors is None:
        return []
    names = moves.__slots__
    value, error = (np.array([float(getattr(one, name)) for name in names]) for one in (moves, errors))
    inside = (value > LEAST * 1.001) & (value < MOST / 1.001)
    return [name for name, known in zip(names, inside & (error < LARGEST_ERROR), strict=True) if not known]


def calibrate_log(path: Path, out: Path, seed: int = 0) -> LogReport:
    """Fit a world to the log in the folder `path`, write it to the folder `out` and return what was found.

    The world's items and people are drawn anew, as the fitted settings have it.  `out` gets world.json and fit.json.

    Raises:
        DataError: `path` is not a log, or `out` is a file; nothing is written then.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file; give a folder for the world")
    fit = fit_log(path, seed=seed)
    report = LogReport(_settings(path, out.name, fit), fit)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "fit.json", fit.to_json() | {"unidentified": unidentified(fit)})
    write_json(out / "world.json", settings_to_json(report.settings))
    return report


def _settings(path: Path, name: str, fit: LogFit) -> WorldSettings:
    """Return the settings of the world that was found."""
    log = open_log(path)
    items, slates, visits = log.items(), 0, 0
    for part in log.batches():
        slates += int((part.position == 0).sum())
        visits += int(((part.position == 0) & (part.visit == 0)).sum())
    choices, moves, given = fit.choices, fit.moves, Repertoire()
    dynamics: dict[str, Any] = {"kind": "repertoire", "satiation_days": choices.satiation_days}
    dynamics["satiation_effect"] = choices.satiation / given.satiation_step
    rate_shape, rate_scale = fit.rates.shape, fit.rates.scale_days
    if moves is not None:
        lost = unidentified(fit)
        if not {"shape", "scale_days"} & set(lost):
            rate_shape, rate_scale = moves.shape, moves.scale_days
        names = ("discovery_effect", "satisfaction_effect", "activity_days", "repertoire_days", "loyalty", "leaving")
        dynamics |= {name: getattr(moves, name) for name in names if name not in lost}
    found = fit.to_json()
    population = PopulationSettings(
        n_users=log.users().num_rows,
        rate_shape=rate_shape,
        rate_scale_days=rate_scale,
        liked_topics=choices.liked_share * items.n_topics,
        other_mean=1.0 + choices.other - choices.liked,
        taste_spread=choices.spread,
    )
    return WorldSettings(
        name=name,
        slate_size=log.meta.slate_size,
        mean_slates=float(np.clip(slates / max(visits, 1), 1.0, 50.0)),
        catalogue=CatalogueSettings(items.n_items, items.n_topics, quality_spread=found["quality_spread"]),
        population=population,
        choice={
            "kind": "multinomial-logit",
            "outside": found["no_click_utility"],
            "examination": min(fit.examination, 1.0),
        },
        dynamics=dynamics,
    )
