"""The one ordinary agent: a belief, a strategy, and now and then a uniformly random slate."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from serendip.agents.beliefs.belief import (
    Belief,
    EventBelief,
    Factored,
    Luck,
    PointPosterior,
    Posterior,
    RememberingBelief,
    Situation,
)
from serendip.agents.history import History
from serendip.agents.kept_hypotheses import Played
from serendip.agents.models.model import MANY_ITEMS, Arrays, block_rows
from serendip.agents.propensity import SlateMixture
from serendip.agents.saving import with_prefix, without_prefix, write_folder
from serendip.agents.serving.catalogue import Catalogue, Tiles
from serendip.agents.strategies.strategy import Ranker, Strategy, tie_key
from serendip.simulator import randomness
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Feedback, Floats, Items, Slates, Visits
from serendip.simulator.ranges import Range, check_ranges
from serendip.simulator.settings_json import settings_to_json

_CODED = 1024  # visits at once where their scores are not held
_SCORES_AT_ONCE = 1 << 18  # visits times items: 1 MiB of single precision, or a block of a large catalogue's users


@dataclass(frozen=True, slots=True)
class RecommenderSettings:
    """What an agent is made of.

    Attributes:
        name: what it is called.
        belief: kind of belief, a name in the registry.
        strategy: kind of strategy, a name in the registry.
        model: kind of model, a name in the registry; None where the belief is about none.
        epsilon: probability of a uniformly random slate.
        hypothesis: how long a hypothesis is kept: drawn anew for each slate, or one for all slates of a user's visit.
        device: a torch device, such as "cuda", that ranks the items; None: the processor.
        clicked_again: whether a user may be shown again what he clicked; False where a click is a purchase.
        most_showings: showings of an item to a user after which it is not shown to him again; None: it always may be.
        belief_settings: settings of the belief.
        strategy_settings: settings of the strategy.
        model_settings: settings of the model.
    """

    name: str
    belief: str
    strategy: str
    model: str | None = None
    epsilon: Annotated[float, Range(least=0, most=1)] = 0.0
    hypothesis: Literal["slate", "visit"] = "slate"
    device: str | None = None
    clicked_again: bool = True
    most_showings: Annotated[int, Range(least=1)] | None = None
    belief_settings: dict[str, Any] = field(default_factory=dict[str, Any])
    strategy_settings: dict[str, Any] = field(default_factory=dict[str, Any])
    model_settings: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        check_ranges(self, f"agent {self.name!r}")


class Recommender:
    """An agent made of a belief and a strategy.

    Every decision goes through a `SlateMixture`, so that what is logged and what is recomputed are the same numbers.
    """

    def __init__(
        self,
        settings: RecommenderSettings,
        items: Items,
        slate_size: int,
        seed: int,
        belief: Belief,
        strategy: Strategy,
    ) -> None:
        """Put the parts together.

        Args:
            settings: what the agent is made of.
            items: what the site knows of its catalogue.
            slate_size: slots of a slate.
            seed: seed of all that is random in how it learns.
            belief: what it thinks of the items.
            strategy: how that becomes slates.

        Raises:
            SettingsError: a slate longer than the catalogue, or parts that do not go together.
        """
        if not 1 <= slate_size <= items.n_items:
            raise SettingsError(f"slate_size is {slate_size}; allowed is 1 to the {items.n_items} items there are")
        if settings.hypothesis == "visit" and not strategy.steady:
            raise SettingsError(
                f"the strategy {settings.strategy!r} weighs its candidates anew at each slate, so that none is kept "
                "for a visit; choose hypothesis 'slate', or another strategy, such as 'thompson'"
            )
        self._catalogue = _catalogue(settings, belief, strategy, items.n_items)
        self.settings = settings
        self.items = items
        self.slate_size = slate_size
        self.seed = seed
        self.belief = belief
        self.strategy = strategy
        self.history = History(items.n_items)
        self.version = 0
        self._played = Played()
        self._last: tuple[Visits, SlateMixture] | None = None  # the last question, and the answer less what was played

    def mixture(self, visits: Visits, key: int) -> SlateMixture:
        """Return the distribution over slates that the agent plays from at each visit.

        Where a hypothesis is kept for the visit, it is the distribution given the slates that were played there before
        and observed: what these tell of which hypothesis it is weighs the candidates.
        """
        mixture = self._mixture(visits, key)
        if self.settings.hypothesis == "slate":
            return mixture
        self._played.ask(visits.day, key)
        self._last = visits, mixture
        return mixture.given_played(self._played.of(visits, mixture.candidates.shape[1]))

    def _mixture(self, visits: Visits, key: int) -> SlateMixture:
        """Return the distribution before anything was played, some visits at a time."""
        visits = self._as_allowed(visits)
        block = block_rows(self.items.n_items)
        step = max(_SCORES_AT_ONCE // self.items.n_items // block, 1) * block if self._catalogue is None else _CODED
        starts = range(0, max(len(visits), 1), step)
        parts = [self._part(visits.rows(slice(start, start + step)), key) for start in starts]
        if len(parts) == 1:
            return parts[0]
        candidates = np.concatenate([part.candidates for part in parts])
        weights = [part.weights for part in parts if part.weights is not None]
        return dataclasses.replace(
            parts[0],
            candidates=candidates,
            weights=np.concatenate(weights) if weights else None,
            available=visits.available,
        )

    @property
    def remembers_showings(self) -> bool:
        """Whether what was clicked or shown often is not shown to the same user again."""
        return not self.settings.clicked_again or self.settings.most_showings is not None

    def _as_allowed(self, visits: Visits) -> Visits:
        """Return the visits with what the settings say that each visitor must not be shown again, by the history.

        Who would be left with less than a slate may be shown all of it again.
        """
        own = self.settings
        if not self.remembers_showings:
            return visits
        available = np.broadcast_to(visits.available, (len(visits), self.items.n_items)).copy()
        everything = available.copy()
        if not own.clicked_again:
            clicks = self.history.clicks_of(visits.user_ids)
            available[np.repeat(np.arange(len(visits)), np.diff(clicks.indptr)), clicks.indices] = False
        if own.most_showings is not None:
            shown = self.history.exposures_of(visits.user_ids)
            often = shown.data >= own.most_showings
            available[np.repeat(np.arange(len(visits)), np.diff(shown.indptr))[often], shown.indices[often]] = False
        short = np.count_nonzero(available, axis=1) < self.slate_size
        available[short] = everything[short]
        return dataclasses.replace(visits, available=available)

    def act(self, visits: Visits, key: int) -> Slates:
        """Return a slate for each visit, with its exact propensities."""
        return self.mixture(visits, key).play(visits, key)

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Remember what was shown and what was clicked, unless the strategy never looks back."""
        if self.settings.hypothesis == "visit":
            self._tell_hypotheses(visits, slates)
        if isinstance(self.belief, EventBelief):
            self.belief.observe(Situation(visits, self.history, self.items), slates, feedback)
        if self.remembers_showings or getattr(self.strategy, "looks_back", True):
            self.history.append(visits, slates, feedback)

    def forget(self, history: History | None = None) -> None:
        """Remember `history` and nothing else; without one, nothing at all.  What was learned stays."""
        self.history = History(self.items.n_items) if history is None else history
        self._played, self._last = Played(), None
        if isinstance(self.belief, RememberingBelief):
            self.belief.forget()

    def update(self) -> None:
        """Learn from all that was observed."""
        self.belief.update(self.history, self.items)
        self.history.events.trim()
        self.version += 1

    def propensities(self, visits: Visits, slates: Slates, key: int) -> Floats:
        """Return (B, L) probability of each item at its position, for slates that someone else may have chosen."""
        return self.mixture(visits, key).at_position(slates.items)

    def save(self, path: Path) -> None:
        """Write the agent to the folder `path`: settings as JSON, arrays as safetensors."""
        arrays = {"items.topic": self.items.topic, "items.released": self.items.released}
        arrays |= with_prefix("history", self.history.arrays())
        arrays |= with_prefix("played", self._played.arrays()) if self.settings.hypothesis == "visit" else {}
        arrays |= with_prefix("belief", self.belief.arrays()) if self._has_learned else {}
        head = {"slate_size": self.slate_size, "seed": self.seed, "version": self.version}
        write_folder(path, head | {"settings": settings_to_json(self.settings)}, arrays)

    def restore(self, version: int, arrays: Arrays) -> None:
        """Take back the memory and the belief that `save` wrote."""
        self.version = version
        self.history.restore(without_prefix("history", arrays))
        if self.settings.hypothesis == "visit":
            self._played.restore(without_prefix("played", arrays))
        if self._has_learned:
            self.belief.restore(without_prefix("belief", arrays))

    @property
    def _has_learned(self) -> bool:
        """Whether the belief holds anything to be saved."""
        return self.version > 0 or isinstance(self.belief, EventBelief)

    def _tell_hypotheses(self, visits: Visits, slates: Slates) -> None:
        """Take in what these slates say of which hypothesis plays; parts of slates and other days say nothing."""
        key = self._played.key_of(visits.day)
        if key is None or slates.items.shape[1] != self.slate_size:
            return
        known = self._last is not None and self._last[0] == visits
        mixture = self._last[1] if self._last is not None and known else self._mixture(visits, key)
        self._played.add(visits, mixture.likelihoods(slates.items))

    def _part(self, visits: Visits, key: int) -> SlateMixture:
        first = visits if self.settings.hypothesis == "slate" else visits.first()
        luck = Luck(randomness.derive(key, "hypothesis"), first)
        situation = Situation(visits, self.history, self.items)
        posterior = self._posterior(situation)
        if self._catalogue is not None and isinstance(posterior, Factored):
            self._catalogue.hold(posterior, self.version)
        ranker = Ranker(situation, self.slate_size, tie_key(self.seed), self._catalogue)
        candidates, weights = self.strategy.candidates(posterior, ranker, luck)
        return SlateMixture(candidates, weights, self.settings.epsilon, visits.available)

    def _posterior(self, situation: Situation) -> Posterior:
        """Return what is believed; before the first update that is nothing, and ties decide.

        A belief that reads each user's events by itself is asked from the start: it has a prior.
        """
        if self.version or isinstance(self.belief, RememberingBelief):
            return self.belief.posterior(situation)
        return PointPosterior(np.zeros((len(situation), self.items.n_items), dtype=np.float32))


def _catalogue(settings: RecommenderSettings, belief: Belief, strategy: Strategy, n_items: int) -> Catalogue | None:
    """Return what ranks products where that is quicker than all scores at once: on the device, or many items.

    Raises:
        SettingsError: the device is not there, or the agent's scores are not products with the items' factors.
    """
    parts = (
        ("belief", settings.belief, "factored", belief),
        ("strategy", settings.strategy, "by_hypothesis", strategy),
    )
    for kind, name, able, part in parts:
        if getattr(part, able, False):
            continue
        if settings.device is None:
            return None
        raise SettingsError(
            f"device is {settings.device!r}, but the {kind} {name!r} needs all scores on the processor; a device "
            "serves the strategies 'thompson' and 'top-two' with the beliefs 'latent', 'dropout', 'user-factors' and "
            "'laplace-factors'; choose among these, or leave the device out"
        )
    if settings.device is None:
        return Tiles() if n_items > MANY_ITEMS else None
    from serendip.agents.serving.accelerator import Accelerator

    return Accelerator(settings.device)
