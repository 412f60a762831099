"""What every dynamics and every choice model must keep to, as calls that name what is broken and the likely cause.

`check_dynamics(CARD)` and `check_choice(CARD)` are for who writes one; the tests run them over the registries.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import array_api_compat
import numpy as np

from serendip.simulator import randomness
from serendip.simulator.arrays import to_numpy
from serendip.simulator.choice import Choice, ChoiceCard, Draw
from serendip.simulator.dynamics import Dynamics, DynamicsCard, State
from serendip.simulator.errors import SerendipError, SettingsError
from serendip.simulator.interface import Array, Bools
from serendip.simulator.population import PopulationSettings, draw_population
from serendip.simulator.ranges import ranges_of
from serendip.simulator.settings_json import settings_from_json

N_USERS, N_TOPICS, N_SLOTS, N_DAYS, N_DRAWS = 60, 8, 3, 8, 40_000


class ContractError(SerendipError):
    """A part does not keep the contract of its kind; the message says what is broken and the likely cause."""


def check_dynamics(card: DynamicsCard) -> None:
    """Let users of this dynamics live through some days, in several ways that must come to the same.

    Raises:
        ContractError: the first thing that is not as `Dynamics` asks, with the likely cause.

    Example:
        >>> import serendip
        >>> from serendip.simulator.dynamics import DYNAMICS
        >>> serendip.check_dynamics(DYNAMICS.card("static"))
    """
    _check_card(card)
    dynamics: Dynamics = settings_from_json(type(card.settings), dict(card.small), card.name)
    state = _live(dynamics, np.arange(N_USERS))
    _check_state(card.name, dynamics, state)
    few = np.array([3, 17, 41])
    for name, values in _live(dynamics, few).items():
        if not np.array_equal(state[name][few], values):
            raise ContractError(
                f"{card.name}: {name!r} of a user depends on who else is there; use rows of `users` alone"
            )
    for name, values in _live(dynamics, np.arange(N_USERS), torch=True).items():
        if not np.allclose(np.asarray(state[name], float), np.asarray(values, float), atol=1e-3):
            raise ContractError(f"{card.name}: {name!r} differs between NumPy and torch; keep to the array API")


def check_choice(card: ChoiceCard) -> None:
    """Compare this choice model's clicks with its own probabilities; false alarm below 1 in 10^6.

    Raises:
        ContractError: the first thing that is not as `Choice` asks, with the likely cause.

    Example:
        >>> import serendip
        >>> from serendip.simulator.choice import CHOICES
        >>> serendip.check_choice(CHOICES.card("multinomial-logit"))
    """
    _check_card(card)
    model: Choice = settings_from_json(type(card.settings), dict(card.small), card.name)
    utility = np.tile(np.array([0.5, -1.0, 2.0, 0.0], dtype=np.float32), (N_DRAWS, 1))
    users = np.arange(N_DRAWS)
    clicked = np.asarray(model.click(utility, _luck(4, users)))
    share = np.asarray(model.probabilities(utility[:1]), float)[0]
    if clicked.shape != utility.shape or clicked.dtype != np.bool_:
        raise ContractError(f"{card.name}: click returned {clicked.shape} {clicked.dtype}; expected (B, L) bool")
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise ContractError(f"{card.name}: probabilities are {share.tolist()}; expected numbers in [0, 1]")
    off = np.abs(clicked.mean(axis=0) - share) / np.sqrt(np.maximum(share * (1.0 - share), 1e-12) / N_DRAWS)
    if off.max() > 5.5:
        raise ContractError(f"{card.name}: clicks in {clicked.mean(axis=0)} of slates, probabilities are {share}")
    _check_torch_clicks(card.name, model)


def _check_card(card: DynamicsCard | ChoiceCard) -> None:
    """Raise a ContractError unless the card says what it must, and each range refuses what lies outside."""
    if not card.summary.endswith("."):
        raise ContractError(f"{card.name}: the summary {card.summary!r} is no sentence")
    kind = type(card.settings)
    if kind is not card.make or not dataclasses.is_dataclass(kind):
        raise ContractError(f"{card.name}: `make` must be a frozen dataclass and `settings` an instance of it")
    ranges = ranges_of(kind)
    for option in card.options():
        if isinstance(option.default, float) and option.name not in ranges:
            raise ContractError(f"{card.name}: {option.name} has no range; annotate it with Range(...)")
    for name in ranges:
        try:
            settings_from_json(kind, {name: float("nan")}, card.name)
        except SettingsError:
            continue
        raise ContractError(f"{card.name}: {name} may be not a number; call check_ranges in __post_init__")


def _luck(key: int, users: Array) -> Draw:
    """Return what draws (B,) uniforms for each slot."""
    return lambda slot: randomness.uniform(key, users, slot)


def _live(dynamics: Dynamics, chosen: Array, torch: bool = False) -> State:
    """Return, as NumPy, the state of the users `chosen` (n,) after some days on which everybody visits."""
    people = draw_population(
        PopulationSettings(n_users=N_USERS, n_personas=4, liked_topics=2.0), N_TOPICS, 0.25, 0
    ).rows(chosen)
    place: Any = np.asarray
    if torch:
        import torch as library

        place = library.from_numpy
        people = dataclasses.replace(
            people,
            **{
                name: place(getattr(people, name))
                for name in ("taste", "base_rate", "known", "first_day", "cohort", "days_before")
            },
            factor_of={name: place(factor) for name, factor in people.factor_of.items()},
        )
    users, state = place(np.arange(len(chosen))), dynamics.start(people, N_TOPICS)
    for day in range(N_DAYS):
        luck = randomness.uniform(1, chosen[:, None], day, np.arange(N_SLOTS))
        topics = place((luck * N_TOPICS).astype(np.int64))
        match = place((6.0 * randomness.uniform(2, chosen[:, None], day, np.arange(N_SLOTS)) - 3.0).astype(np.float32))
        clicked: Bools = randomness.uniform(3, chosen[:, None], day, np.arange(N_SLOTS)) < 0.5
        dynamics.disposition(state, users, topics)
        dynamics.respond(state, people, users, topics, match, place(clicked))
        dynamics.night(state, people)
    return {name: np.asarray(to_numpy(values)) for name, values in state.items()}


def _check_state(name: str, dynamics: Dynamics, state: State) -> None:
    """Raise a ContractError unless the state, the rates and the hazards are what they must be."""
    for needed in ("alive", "repertoire"):
        if needed not in state:
            raise ContractError(f"{name}: the state has no {needed!r}")
    for key, values in state.items():
        if values.shape[0] != N_USERS or not np.isfinite(values).all():
            raise ContractError(f"{name}: {key!r} is {values.shape} or not finite; expected ({N_USERS}, ...) numbers")
        if values.dtype not in (np.float32, np.bool_, np.int32):
            raise ContractError(f"{name}: {key!r} is {values.dtype}; expected float32, int32 or bool")
    if not ((state["repertoire"] >= 0.0) & (state["repertoire"] <= 1.0)).all():
        raise ContractError(f"{name}: the repertoire left [0, 1]")
    rate, hazard = np.asarray(dynamics.rate(state)), np.asarray(dynamics.hazard(state))
    if rate.shape != (N_USERS,) or not (rate >= 0.0).all():
        raise ContractError(f"{name}: rate returned {rate.shape} with least {rate.min()}; expected (n,) of 0 or more")
    if hazard.shape not in ((), (N_USERS,)) or not ((hazard >= 0.0) & (hazard <= 1.0)).all():
        raise ContractError(f"{name}: hazard returned {hazard.shape}; expected (n,) probabilities in [0, 1]")


def _check_torch_clicks(name: str, model: Choice) -> None:
    """Raise a ContractError unless torch clicks as NumPy does, but for what rounding moves."""
    users = np.arange(N_DRAWS)
    utility = (6.0 * randomness.uniform(1, users[:, None], np.arange(5)) - 3.0).astype(np.float32)
    import torch

    ours = model.click(utility, _luck(2, users))
    theirs = model.click(torch.from_numpy(utility), _luck(2, torch.from_numpy(users)))
    if (np.asarray(ours) != np.asarray(array_api_compat.to_device(theirs, "cpu"))).any(axis=1).sum() > N_DRAWS // 8_000:
        raise ContractError(f"{name}: torch clicks other slots than NumPy; keep to the array API")
