"""An ensemble: several models that disagree where the data leave them free to.

Member k learns from the data with each event weighted by Poisson(1) or an exponential (Efron 1979; Rubin 1981, the
Bayesian bootstrap), the weight a pure hash of the event and k.  The data alone cannot make members disagree on what
was never seen, so each also has a prior of its own: a random function it is pulled towards (Osband, Aslanides &
Cassirer 2018, "Randomized prior functions for deep reinforcement learning") where the model can take one, or a few
made-up users with random clicks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import scipy.sparse as sparse

from serendip.agents.beliefs.belief import Luck, Situation, sampled_moments
from serendip.agents.beliefs.draws import fill_counts, fill_weighed
from serendip.agents.beliefs.priors import fit_ease_towards, fit_with_made_up_users, random_clicks, random_matrix
from serendip.agents.cards import BeliefCard, Making
from serendip.agents.history import History
from serendip.agents.models.ease import Ease, add_rows
from serendip.agents.models.model import Arrays, Interactions, Model, Sparse
from serendip.agents.saving import with_prefix, without_prefix
from serendip.simulator import randomness
from serendip.simulator.interface import Floats, Ints, Items, Singles
from serendip.simulator.ranges import Range, check_ranges

_ROWS = 256  # scored at once: their scores stay in the cache
Weighting = Literal["poisson", "exponential"]


@dataclass(frozen=True, slots=True)
class EnsembleSettings:
    """Settings of an ensemble.

    Attributes:
        members: number of models K.
        weights: distribution of an event's weight; both have mean 1 and variance 1.
        prior_scale: standard deviation of the random weights each member is pulled towards; 0 for none.  For models
            that can take a prior.
        pseudo_users: made-up users per member, for models that cannot.
        pseudo_clicks: random items each of them clicked.
    """

    members: Annotated[int, Range(least=2, most=1_000)] = 10
    weights: Weighting = "poisson"
    prior_scale: Annotated[float, Range(least=0)] = 0.03
    pseudo_users: Annotated[int, Range(least=0)] = 10
    pseudo_clicks: Annotated[int, Range(least=0)] = 5

    def __post_init__(self) -> None:
        check_ranges(self, "belief 'ensemble'")


def event_weights(kind: Weighting, key: int, users: Any, items: Any, member: int) -> Floats:
    """Return (n,) weight of each event (user, item) for one member: a pure hash, so that it never changes.

    Args:
        kind: distribution of a weight.
        key: key of the stream of weights.
        users: (n,) id of each event's user.
        items: (n,) item of each event.
        member: number of the member.
    """
    if kind == "poisson":
        out = np.empty(len(items))
        table = np.asarray(randomness.poisson_table(1.0))
        fill_counts(randomness.bits(key, users), items, member, table, out)
        return out
    return -np.log1p(-randomness.uniform(key, users, items, member))


def reweighted(clicks: Sparse, user_ids: Ints, kind: Weighting, key: int, member: int) -> Sparse:
    """Return (B, M) CSR of a member's weights of the clicks of B users; a weight of 0 stays, as a 0.

    Args:
        clicks: (B, M) CSR of clicks.
        user_ids: (B,) ids of the users.
        kind: distribution of a weight.
        key: key of the stream of weights.
        member: number of the member.
    """
    users = np.repeat(user_ids, np.diff(clicks.indptr))
    weights = event_weights(kind, key, users, clicks.indices, member)
    matrix: Any = sparse.csr_array((weights.astype(np.float32), clicks.indices, clicks.indptr), shape=clicks.shape)
    return matrix


class Ensemble:
    """K models, each with its own view of the data and its own prior."""

    def __init__(self, settings: EnsembleSettings, new_model: Callable[[int], Model], seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.models = [new_model(member) for member in range(settings.members)]

    def update(self, history: History, items: Items) -> None:
        """Fit every member to its own view of what was seen."""
        data = history.interactions()
        for member, model in enumerate(self.models):
            clicks = self.reweighted(data.clicks, history.user_ids, member)
            fit_member(model, Interactions(clicks, data.exposures), self.settings, self._key("prior", member))

    def posterior(self, situation: Situation) -> EnsemblePosterior:
        """Return what the members say."""
        linear = [model for model in self.models if isinstance(model, Ease)]
        if self.settings.weights == "poisson" and len(linear) == len(self.models):
            return EaseEnsemblePosterior(self, situation)
        return EnsemblePosterior(self, situation)

    def weighed(self, clicks: Sparse, states: Ints, member: int) -> tuple[Ints, Ints, Singles]:
        """Return what `reweighted` does by Poisson weights, as starts, items and values, without the 0s.

        Args:
            clicks: (B, M) CSR of clicks.
            states: (B,) hashes of the users, of `user_states`.
            member: number of the member.
        """
        starts = np.empty(len(states) + 1, dtype=np.int64)
        items, counts = np.empty(clicks.nnz, dtype=np.int64), np.empty(clicks.nnz, dtype=np.float32)
        table = np.asarray(randomness.poisson_table(1.0))
        fill_weighed(states, clicks.indptr, clicks.indices, member, table, starts, items, counts)
        return starts, items, counts

    def user_states(self, user_ids: Ints) -> Ints:
        """Return (B,) hashes of the users, by which their events are weighed."""
        return randomness.bits(self._key("events"), user_ids)

    def reweighted(self, clicks: Sparse, user_ids: Ints, member: int) -> Sparse:
        """Return (B, M) CSR of a member's weights of the clicks of B users."""
        return reweighted(clicks, user_ids, self.settings.weights, self._key("events"), member)

    def arrays(self) -> Arrays:
        """Return what every member learned."""
        arrays = Arrays()
        for member, model in enumerate(self.models):
            arrays |= with_prefix(f"member{member}", model.arrays())
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Take back what `arrays` returned."""
        for member, model in enumerate(self.models):
            model.restore(without_prefix(f"member{member}", arrays))

    def _key(self, *stream: str | int) -> int:
        return randomness.derive(self.seed, *stream)


@dataclass(frozen=True, slots=True)
class EnsemblePosterior:
    """The members' scores, one member at a time.

    Attributes:
        ensemble: the members.
        situation: the visits.
    """

    ensemble: Ensemble
    situation: Situation

    @property
    def n_hypotheses(self) -> int:
        """Number of members."""
        return len(self.ensemble.models)

    def mean(self, luck: Luck) -> Singles:
        """Return (B, M) mean over the members."""
        return sampled_moments(self, luck, 1)[0]

    def spread(self, luck: Luck) -> Singles:
        """Return (B, M) standard deviation over the members."""
        return sampled_moments(self, luck, 1)[1]

    def draw(self, index: int, luck: Luck) -> Singles:
        """Return (B, M) scores of member `index`, folding in the user's clicks as that member weights them."""
        situation = self.situation
        clicks = self.ensemble.reweighted(situation.clicks, situation.visits.user_ids, index)
        return self.ensemble.models[index].scores(clicks)


class EaseEnsemblePosterior(EnsemblePosterior):
    """The members' scores where all are EASEs, of all members of a few visits at a time: the same numbers, sooner."""

    def draws(self, indices: range, luck: Luck) -> Iterator[Singles]:
        """Yield (n, S, M) scores of the members, of a few visits at a time."""
        ensemble, clicks = self.ensemble, self.situation.clicks
        states = ensemble.user_states(self.situation.visits.user_ids)
        weights = [model.weights for model in ensemble.models if isinstance(model, Ease)]
        weighed = [ensemble.weighed(clicks, states, member) for member in indices]
        step = max(_ROWS // len(indices), 1)
        for start in range(0, max(len(states), 1), step):
            n = len(states[start : start + step])
            out = np.empty((n * len(indices), clicks.shape[1]), dtype=np.float32)
            for s, (starts, items, counts) in enumerate(weighed):
                matrix = np.ascontiguousarray(weights[indices[s]])
                values = counts.astype(matrix.dtype, copy=False)
                add_rows(starts[start : start + n + 1], items, values, matrix, s, len(indices), out)
            yield out.reshape(n, len(indices), -1)


def fit_member(model: Model, data: Interactions, settings: EnsembleSettings, key: int) -> None:
    """Fit one member: towards a random prior where its model can take one, else with made-up users.

    Args:
        model: what learns.
        data: clicks as the member weights them, and exposures.
        settings: settings of the ensemble.
        key: key of the member's own prior.
    """
    if isinstance(model, Ease) and settings.prior_scale > 0.0:
        prior = np.float32(settings.prior_scale) * random_matrix(key, data.n_items)
        fit_ease_towards(model, data, prior)
    elif isinstance(model, Ease) or settings.pseudo_users == 0:
        model.fit(data)
    else:
        made_up = random_clicks(key, settings.pseudo_users, settings.pseudo_clicks, data.n_items)
        fit_with_made_up_users(model, data, made_up)


def made(making: Making) -> Ensemble:
    """Return a belief that has learned nothing yet."""
    return Ensemble(making.settings, making.new_model, making.seed)


CARD = BeliefCard(
    name="ensemble",
    summary="Several models of one kind that disagree where the data leave them free to: for any model there is.",
    make=made,
    settings=EnsembleSettings(),
    needs=("a model",),
    model="ease",
    small={"members": 3},
)
