"""`calibrate_log`: a log in, a world out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.calibration.from_logs.log_verdict import judge_log, lost_choices, lost_moves
from serendip.simulator.calibration.from_logs.read import LogFit, fit_log
from serendip.simulator.calibration.verdict import FitVerdict
from serendip.simulator.catalogue import CatalogueSettings
from serendip.simulator.choice.multinomial_logit import MultinomialLogit
from serendip.simulator.dynamics.repertoire import Repertoire
from serendip.simulator.errors import DataError
from serendip.simulator.logs import Log, open_log
from serendip.simulator.population import PopulationSettings
from serendip.simulator.settings import WorldSettings
from serendip.simulator.settings_json import settings_to_json, write_json

OF_CHOICES = ("liked", "other", "spread", "liked_share", "quality_scale", "satiation", "satiation_days", "examination")


@dataclass(frozen=True, slots=True)
class LogReport:
    """A world fitted to a log.

    Attributes:
        settings: settings of the fitted world.
        fit: what was found.
        verdict: what the fit is worth.
    """

    settings: WorldSettings
    fit: LogFit
    verdict: FitVerdict

    def to_json(self) -> dict[str, Any]:
        """Return what `fit.json` holds."""
        return self.fit.to_json() | {"unidentified": unidentified(self.fit), "verdict": self.verdict.to_json()}

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
        return [*found, *self.verdict.lines(), *(f"note: {note}" for note in self.fit.to_json()["notes"])]


def unidentified(fit: LogFit) -> list[str]:
    """Return the names of what a log was asked and could not say."""
    return lost_choices(fit.choices, fit.examination) + lost_moves(fit.moves, fit.errors)


def calibrate_log(
    path: Path, out: Path, seed: int = 0, *, n_users: int | None = None, force: bool = False
) -> LogReport:
    """Fit a world to the log in the folder `path`, write it to the folder `out` and return what was found.

    The world's items and people are drawn anew, as the fitted settings have it.  `out` gets world.json and fit.json.

    Args:
        path: a log's folder.
        out: folder of the world.
        seed: of the draw of the users that are fitted.
        n_users: users of the world; None: as many as in the log.
        force: whether to write a world of which the log says next to nothing.

    Raises:
        DataError: `path` is not a log, or says next to nothing, or `out` is a file; nothing is written then.
    """
    if out.exists() and not out.is_dir():
        raise DataError(f"{out}: is a file; give a folder for the world")
    fit = fit_log(path, seed=seed, force=force)
    asked = (*OF_CHOICES, *(fit.moves.__slots__ if fit.moves is not None else ()))
    verdict = judge_log(unidentified(fit), asked, fit.lacking)
    report = LogReport(_settings(path, out.name, fit, n_users), fit, verdict)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "fit.json", report.to_json())
    write_json(out / "world.json", settings_to_json(report.settings))
    return report


def _settings(path: Path, name: str, fit: LogFit, n_users: int | None) -> WorldSettings:
    """Return the settings of the world that was found; where the log does not say one, it is the default's."""
    log = open_log(path)
    items, (slates, visits) = log.items(), _slates_and_visits(log)
    lost, choices, usual = set(unidentified(fit)), fit.choices, PopulationSettings()
    liked_topics = choices.liked_share * items.n_topics
    people: dict[str, Any] = {"liked_topics": liked_topics} if "liked_share" not in lost else {}
    if not {"other", "liked"} & lost:
        people["other_mean"] = 1.0 + choices.other - choices.liked
    if "spread" not in lost:
        people["taste_spread"] = choices.spread
    catalogue = CatalogueSettings(items.n_items, items.n_topics)
    if "quality_scale" not in lost:
        catalogue = replace(catalogue, quality_spread=min(fit.quality_spread, 100.0))
    choice: dict[str, Any] = {"kind": "multinomial-logit"} | settings_to_json(MultinomialLogit())
    choice |= {} if "liked" in lost else {"outside": fit.to_json()["no_click_utility"]}
    choice |= {} if "examination" in lost else {"examination": min(fit.examination, 1.0)}
    rates = _rates(fit, lost)
    return WorldSettings(
        name=name,
        slate_size=log.meta.slate_size,
        mean_slates=float(np.clip(slates / max(visits, 1), 1.0, 50.0)),
        catalogue=catalogue,
        population=replace(usual, n_users=n_users or log.users().num_rows, **rates, **people),
        choice=choice,
        dynamics=_dynamics(fit, lost),
    )


def _slates_and_visits(log: Log) -> tuple[int, int]:
    """Return how many slates and visits a log holds."""
    slates, visits = 0, 0
    for part in log.batches():
        slates += int((part.position == 0).sum())
        visits += int(((part.position == 0) & (part.visit == 0)).sum())
    return slates, visits


def _rates(fit: LogFit, lost: set[str]) -> dict[str, float]:
    """Return how often people come: as their activity moves, or else as if it did not."""
    if fit.moves is not None and not {"shape", "scale_days"} & lost:
        return {"rate_shape": fit.moves.shape, "rate_scale_days": fit.moves.scale_days}
    return {"rate_shape": fit.rates.shape, "rate_scale_days": fit.rates.scale_days}


def _dynamics(fit: LogFit, lost: set[str]) -> dict[str, Any]:
    """Return how activity moves and satiation wears off."""
    usual = Repertoire()
    found: dict[str, Any] = {"kind": "repertoire"}
    found |= {"satiation_effect": usual.satiation_effect, "satiation_days": usual.satiation_days}
    if not {"satiation", "satiation_days"} & lost:
        found["satiation_days"] = fit.choices.satiation_days
        found["satiation_effect"] = fit.choices.satiation / usual.satiation_step
    names = ("discovery_effect", "satisfaction_effect", "activity_days", "repertoire_days", "loyalty", "leaving")
    if fit.moves is not None:
        found |= {name: getattr(fit.moves, name) for name in names if name not in lost}
    return found
