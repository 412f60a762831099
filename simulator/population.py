"""The users: what they like, how often they come, what they know at the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, cast

import numpy as np

from serendip.simulator.catalogue import MOST_DAYS
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Array, Bools, Ints, Singles
from serendip.simulator.randomness import derive, generator
from serendip.simulator.ranges import Range, check_ranges

BLOCK = 1 << 16  # users drawn at a time
COMPILED_FROM = 1 << 22  # tastes from which compiled code repays the second that it takes to load
ACTIVITY_GROUPS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Cohort:
    """A kind of user: factors on what the world sets for everybody."""

    name: str = "everyone"
    weight: Annotated[float, Range(least=0)] = 1.0
    """Share of the population, relative to the other cohorts."""
    rate: Annotated[float, Range(least=0)] = 1.0
    """Factor on the base rate of visits."""
    liked_topics: Annotated[float, Range(least=0)] = 1.0
    """Factor on the number of liked topics."""
    discovery_effect: Annotated[float, Range(least=0)] = 1.0
    """Factor on A, what breadth adds to activity."""
    satisfaction_effect: Annotated[float, Range(least=0)] = 1.0
    """Factor on B, what satisfaction adds to activity."""
    satisfaction_step: Annotated[float, Range(least=0)] = 1.0
    """Factor on zeta, how fast satisfaction moves."""
    learning: Annotated[float, Range(least=0)] = 1.0
    """Factor on rho, how fast a topic becomes familiar."""

    def __post_init__(self) -> None:
        check_ranges(self, f"cohort {self.name!r}")


@dataclass(frozen=True, slots=True)
class PopulationSettings:
    """Who the users are.  Base rates are Gamma(`rate_shape`, `rate_scale_days`): mean shape / days visits per day."""

    n_users: Annotated[int, Range(least=1, most=10**15)] = 2000
    """Users on the first day."""
    rate_shape: Annotated[float, Range(above=0)] = 2.0
    """Shape r of the Gamma distribution of base rates."""
    rate_scale_days: Annotated[float, Range(above=0)] = 16.0
    """Inverse scale alpha of that distribution, in days."""
    n_personas: Annotated[int, Range(least=1, most=100_000)] = 12
    """Templates of taste; users of one persona like topics from one pool."""
    liked_topics: Annotated[float, Range(least=0)] = 6.0
    """Topics a user likes, on average."""
    agreement: Annotated[float, Range(above=0, most=1)] = 0.75
    """Share of a persona's pool of topics that each of its users likes; 1: they all like the same."""
    topic_skew: Annotated[float, Range(least=0)] = 0.5
    """Exponent of topics' popularity: a persona's pool takes the k-th topic with weight k^-skew."""
    liked_mean: Annotated[float, Range()] = 1.0
    """Mean taste for a liked topic, in units of utility."""
    other_mean: Annotated[float, Range()] = -2.2
    """Mean taste for any other topic."""
    taste_spread: Annotated[float, Range(least=0)] = 0.5
    """Standard deviation of tastes around these means."""
    known_topics: Annotated[int, Range(least=0)] = 1
    """Liked topics a user knows at the start."""
    organic_clicks: Annotated[int, Range(least=0, most=10_000)] = 4
    """Clicks on known topics that the site has seen before the first day."""
    inflow_per_day: Annotated[float, Range(least=0, most=10**15)] = 0.0
    """New users per day."""
    inflow_days: Annotated[int, Range(least=0, most=MOST_DAYS)] = 0
    """Days during which new users arrive."""
    drift: Annotated[float, Range(least=0, most=1)] = 0.0
    """Share of the way by which a click moves the taste for what was clicked towards `drift_ceiling`."""
    drift_ceiling: Annotated[float, Range()] = 2.0
    """Taste, in units of utility, that consuming something leads to in the end."""
    cohorts: tuple[Cohort, ...] = (Cohort(),)
    """The mixture that users are drawn from."""

    def __post_init__(self) -> None:
        check_ranges(self, "population")
        if not self.cohorts or sum(c.weight for c in self.cohorts) <= 0.0:
            raise SettingsError("population: cohorts is empty or has no weight; give at least one with weight above 0")


@dataclass(frozen=True, slots=True)
class Population:
    """The users of one world, n of them, those included who arrive later.

    Attributes:
        taste: (n, d) float32 tastes, against an item's factors (d = number of topics where items have no factors).
        base_rate: (n,) float32 visits per day before anything was shown.
        known: (n, K) float32 repertoire at the start, in [0, 1].
        first_day: (n,) int32 day of arrival.
        cohort: (n,) int32 index into `cohorts`.
        cohorts: their names.
        factor_of: factors on the dynamics' settings, (n,) float32 each, by the name of the setting.
        days_before: (n,) float32 days with a visit before the first day.
        known_from: repertoire from which a topic counts as known, in (0, 1); crossing it is a discovery.
    """

    taste: Array
    base_rate: Array
    known: Array
    first_day: Array
    cohort: Array
    cohorts: tuple[str, ...]
    factor_of: dict[str, Array]
    days_before: Array
    known_from: float

    @property
    def n_users(self) -> int:
        """Number of users, those included who arrive later."""
        return int(self.base_rate.shape[0])

    def activity_group(self) -> np.ndarray[Any, np.dtype[np.int8]]:
        """Return (n,) 0, 1 or 2 (low, middle, high): the third of the base rates a user is in.

        It is fixed before anything is shown, so that no agent can move a user from one group to another.
        """
        return activity_group(np.asarray(self.base_rate))

    def rows(self, rows: Array) -> Population:
        """Return the users at `rows` (m,), each as often as it is named."""
        n = self.n_users

        def pick(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: pick(part) for name, part in cast("dict[str, Any]", value).items()}
            per_user = hasattr(value, "shape") and value.shape[:1] == (n,)
            return value[rows] if per_user else value

        return Population(**{field.name: pick(getattr(self, field.name)) for field in fields(self)})


def activity_group(base_rate: Singles) -> np.ndarray[Any, np.dtype[np.int8]]:
    """Return (n,) the third of the base rates (n,) that each user is in: 0, 1 or 2."""
    group = np.empty(len(base_rate), np.int8)
    order = np.argsort(base_rate, kind="stable")
    group[order] = np.arange(len(base_rate)) * len(ACTIVITY_GROUPS) // len(base_rate)
    return group


def arrivals(settings: PopulationSettings, seed: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return (n,) the day each user arrives: all on day 0, then Poisson(`inflow_per_day`) on each later day."""
    later = generator(seed, "arrivals").poisson(settings.inflow_per_day, settings.inflow_days)
    days = np.concatenate([[0], np.arange(1, settings.inflow_days + 1)])
    return np.repeat(days, np.concatenate([[settings.n_users], later])).astype(np.int32)


def draw_cohorts(settings: PopulationSettings, n_users: int, seed: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Return (n,) cohort of each user, drawn by weight."""
    if len(settings.cohorts) == 1:
        return np.zeros(n_users, np.int32)
    weight = np.array([c.weight for c in settings.cohorts])
    return generator(seed, "cohorts").choice(len(weight), n_users, p=weight / weight.sum()).astype(np.int32)


def cohort_factor(settings: PopulationSettings, cohort: Any, name: str) -> Singles:
    """Return (n,) the factor called `name` of each user's cohort."""
    return np.array([getattr(c, name) for c in settings.cohorts], dtype=np.float32)[cohort]


def draw_population(
    settings: PopulationSettings, n_topics: int, known_from: float, seed: int, rows: Ints | None = None
) -> Population:
    """Return users drawn from personas: each likes a random part of the persona's pool of topics.

    Args:
        settings: who the users are.
        n_topics: topics K that they can have a taste for.
        days_before: (n,) float32 days with a visit before the first day.
        known_from: repertoire from which a topic counts as known, in (0, 1).
        seed: what everything is drawn from.
        rows: (m,) rows, in order, of those who are kept, each as if all were; None: all.
    """
    first_day = arrivals(settings, seed)
    cohort = draw_cohorts(settings, len(first_day), seed)
    rate = base_rates(settings, cohort, seed)
    taste, known = _tastes_and_known(settings, cohort, n_topics, seed, rows)
    if rows is not None:
        first_day, cohort, rate = first_day[rows], cohort[rows], rate[rows]
    return Population(
        taste=taste,
        base_rate=rate,
        known=known,
        first_day=first_day,
        cohort=cohort,
        cohorts=tuple(c.name for c in settings.cohorts),
        factor_of=dynamics_factors(settings, cohort),
        days_before=np.zeros(len(rate), np.float32),
        known_from=known_from,
    )


def base_rates(settings: PopulationSettings, cohort: Any, seed: int) -> Singles:
    """Return (n,) visits per day of each user before anything was shown."""
    rate = generator(seed, "rates").gamma(settings.rate_shape, 1.0 / settings.rate_scale_days, len(cohort))
    return (rate * cohort_factor(settings, cohort, "rate")).astype(np.float32)


def _tastes_and_known(
    settings: PopulationSettings, cohort: Any, n_topics: int, seed: int, rows: Ints | None
) -> tuple[Singles, Singles]:
    """Return (m, K) tastes and repertoires of the users at `rows`, or of all."""
    n, m = len(cohort), len(cohort) if rows is None else len(rows)
    taste, known = np.empty((m, n_topics), np.float32), np.empty((m, n_topics), np.float32)
    tell = (_compiled_tell if n * n_topics >= COMPILED_FROM else _plain_tell)(settings, seed)
    for block, pool, likes in _likes(settings, cohort, n_topics, seed):
        if rows is None:
            tell(pool, likes, taste[block], known[block])
            continue
        all_taste, all_known = (np.empty((len(pool), n_topics), np.float32) for _ in range(2))
        tell(pool, likes, all_taste, all_known)
        kept = slice(*np.searchsorted(rows, (block.start, block.stop)).tolist())
        taste[kept], known[kept] = (drawn[rows[kept] - block.start] for drawn in (all_taste, all_known))
    return taste, known


def dynamics_factors(settings: PopulationSettings, cohort: Any) -> dict[str, Singles]:
    """Return what each user's cohort multiplies the dynamics' settings by, (n,) each."""
    names = ("discovery_effect", "satisfaction_effect", "satisfaction_step", "learning")
    return {name: cohort_factor(settings, cohort, name) for name in names}


def personas(settings: PopulationSettings, n_topics: int, seed: int) -> Ints:
    """Return (C, P) the pool of topics of each persona, of which each of its users likes some."""
    return _pools(settings, n_topics, generator(seed, "liked topics"))


def _pools(settings: PopulationSettings, n_topics: int, rng: np.random.Generator) -> Ints:
    """Return (C, P) pools, drawn by the topics' popularity."""
    n_pool = min(n_topics, max(1, round(settings.liked_topics / settings.agreement)))
    appeal = np.maximum(np.arange(1, n_topics + 1.0) ** -settings.topic_skew, 1e-300)  # however skewed, none is 0
    appeal /= appeal.sum()
    return np.stack([rng.choice(n_topics, n_pool, replace=False, p=appeal) for _ in range(settings.n_personas)])


def _likes(settings: PopulationSettings, cohort: Any, n_topics: int, seed: int) -> Iterator[tuple[slice, Ints, Bools]]:
    """Yield users a block at a time: their rows, the pools (b, P) of their personas, and what of it they like (b, P).

    They like half of a pool, more or fewer by cohort, at least one topic.
    """
    rng = generator(seed, "liked topics")
    pools = _pools(settings, n_topics, rng)
    persona = rng.integers(settings.n_personas, size=len(cohort))
    most = settings.liked_topics / pools.shape[1]
    for start in range(0, len(cohort), BLOCK):
        rows = slice(start, min(start + BLOCK, len(cohort)))
        pool = pools[persona[rows]]
        share = np.clip(most * cohort_factor(settings, cohort[rows], "liked_topics"), 0.0, 1.0)
        score = rng.random(pool.shape)
        likes = score < share[:, None]
        nothing = np.flatnonzero(~likes.any(axis=1))
        likes[nothing, score[nothing].argmin(axis=1)] = True
        yield rows, pool, likes


def _plain_tell(settings: PopulationSettings, seed: int) -> Callable[[Ints, Bools, Singles, Singles], None]:
    """Return what writes tastes (b, K) and repertoires (b, K) of the next users, from their pools and likes (b, P).

    A taste is normal around the mean for liked topics, or around that for the others.  The repertoire at the start is
    uniform on [0.5, 1] for `known_topics` of the liked topics, else 0: users differ in how well they know what they
    know, or all of it would fade below a threshold on the same day.
    """
    tastes, topics = generator(seed, "tastes"), generator(seed, "known topics")

    def tell(pool: Ints, likes: Bools, taste: Singles, known: Singles) -> None:
        liked = np.zeros(taste.shape, dtype=bool)
        np.put_along_axis(liked, pool, likes, axis=1)
        mean = np.where(liked, settings.liked_mean, settings.other_mean)
        taste[:] = mean + settings.taste_spread * tastes.standard_normal(mean.shape)
        score = np.where(liked, topics.random(liked.shape), np.inf)
        rank = np.argsort(np.argsort(score, axis=1), axis=1)
        familiarity = topics.uniform(0.5, 1.0, score.shape)
        known[:] = np.where((rank < settings.known_topics) & liked, familiarity, 0.0)

    return tell


def _compiled_tell(settings: PopulationSettings, seed: int) -> Callable[[Ints, Bools, Singles, Singles], None]:
    """Return what `_plain_tell` does, the same bytes five times as fast once it is compiled."""
    from serendip.simulator.compiled.people import fill_known, fill_tastes, unsigned

    tastes, topics = unsigned(derive(seed, "tastes")), unsigned(derive(seed, "known topics"))
    means = np.array([settings.other_mean, settings.liked_mean])
    at = [0, 0]  # how far the two streams are

    def tell(pool: Ints, likes: Bools, taste: Singles, known: Singles) -> None:
        at[0] = fill_tastes(tastes, at[0], taste, pool, likes, means, settings.taste_spread)
        at[1] = fill_known(topics, at[1], known, pool, likes, settings.known_topics)

    return tell
