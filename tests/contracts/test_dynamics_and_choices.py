"""Every dynamics and choice model keeps its contract: those that are shipped, and toys from one file outside."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serendip.simulator.choice import CHOICES, ChoiceCard
from serendip.simulator.choice.position_based import PositionBased
from serendip.simulator.dynamics import DYNAMICS, DynamicsCard
from serendip.simulator.dynamics.contracts import ContractError, check_choice, check_dynamics
from serendip.simulator.dynamics.static import Static
from serendip.simulator.errors import SettingsError
from serendip.simulator.settings import read_world
from serendip.simulator.world import World

TOY_DYNAMICS = '''
"""A toy: each day with a visit makes the next one likelier."""

from dataclasses import dataclass
from typing import Annotated

from serendip.simulator.dynamics import DynamicsCard
from serendip.simulator.dynamics.static import Static
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True)
class Habit(Static):
    step: Annotated[float, Range(least=0)] = 0.1

    def __post_init__(self):
        check_ranges(self, "dynamics")

    def respond(self, state, people, users, topics, match, clicked):
        state["rate"][users] *= 1.0 + self.step


CARD = DynamicsCard(name="habit", summary="Users whom each visit brings back.", make=Habit, settings=Habit())
'''
TOY_CHOICE = '''
"""A toy: every slot is clicked with the same probability."""

from dataclasses import dataclass
from typing import Annotated

import array_api_compat

from serendip.simulator.choice import ChoiceCard
from serendip.simulator.ranges import Range, check_ranges


@dataclass(frozen=True)
class Coin:
    share: Annotated[float, Range(least=0, most=1)] = 0.3

    def __post_init__(self):
        check_ranges(self, "choice")

    def probabilities(self, utility):
        return self.share + 0.0 * utility

    def click(self, utility, draw):
        xp = array_api_compat.array_namespace(utility)
        return xp.stack([draw(slot) < self.share for slot in range(utility.shape[1])], axis=1)


CARD = ChoiceCard(name="coin", summary="Users who click by the toss of a coin.", make=Coin, settings=Coin())
'''


@pytest.fixture(scope="module", autouse=True)
def toys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A toy of each kind, taken in as a person would: one file, one line."""
    folder = tmp_path_factory.mktemp("toys")
    for file, text in (("habit.py", TOY_DYNAMICS), ("coin.py", TOY_CHOICE)):
        (folder / file).write_text(text)
    DYNAMICS.admit(f"{folder / 'habit.py'}:CARD")
    CHOICES.admit(f"{folder / 'coin.py'}:CARD")
    yield
    DYNAMICS.dismiss("habit")
    CHOICES.dismiss("coin")


@pytest.mark.parametrize("kind", [*DYNAMICS, "habit"])
def test_every_dynamics_keeps_its_contract(kind: str) -> None:
    check_dynamics(DYNAMICS.card(kind))
    assert DYNAMICS.card(kind).name == kind


@pytest.mark.parametrize("kind", [*CHOICES, "coin"])
def test_every_choice_model_keeps_its_contract(kind: str) -> None:
    check_choice(CHOICES.card(kind))
    assert CHOICES.card(kind).name == kind


def test_toys_are_listed_and_live_in_a_world(capsys: pytest.CaptureFixture[str]) -> None:
    from serendip.experiments.__main__ import main

    for kind, line in (
        ("dynamics", "habit       Users whom each visit brings back"),
        ("choices", "coin               Users who click by the toss of a coin"),
    ):
        assert main(["list", kind]) == 0
        assert line in capsys.readouterr().out
    world = World(dataclasses.replace(read_world("tiny")[0], dynamics={"kind": "habit"}, choice={"kind": "coin"}), 0)
    state = world.start()
    users, _ = world.come(state, 0)
    clicked = world.show(state, 0, 0, users, np.tile(np.arange(3), (len(users), 1)))
    assert 0.1 < clicked.mean() < 0.5
    assert (state["rate"][users] > world.people.base_rate[users]).all()


def test_a_world_that_is_read_admits_nothing(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("raise RuntimeError('imported')")
    with pytest.raises(SettingsError, match="unknown dynamics"):
        dataclasses.replace(read_world("tiny")[0], dynamics={"kind": f"{tmp_path / 'evil.py'}:CARD"})
    with pytest.raises(SettingsError, match="unknown choice"):
        dataclasses.replace(read_world("tiny")[0], choice={"kind": ["coin"]})


@dataclasses.dataclass(frozen=True)
class _Broken(Static):
    """Static, but for what a test breaks."""


def broken(**methods: Any) -> DynamicsCard:
    made = dataclasses.dataclass(frozen=True)(type("Broken", (_Broken,), methods))
    return DynamicsCard(name="broken", summary="Broken.", make=made, settings=made())


def crowd(self: Any, state: Any, people: Any, users: Any, *rest: Any) -> None:
    state["rate"][users] += 0.01 * users.shape[0]


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ({"hazard": lambda self, state: state["rate"] + 1.0}, "hazard returned"),
        ({"rate": lambda self, state: -state["rate"]}, "rate returned"),
        ({"start": lambda self, people, n: {"alive": people.base_rate >= 0.0}}, "no 'repertoire'"),
        ({"respond": crowd}, "depends on who else is there"),
        ({"night": lambda self, state, people: state.update(alive=state["rate"] * np.nan)}, "not finite"),
    ],
)
def test_the_contract_names_what_a_dynamics_breaks(methods: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_dynamics(broken(**methods))


def test_the_contract_names_what_a_choice_model_breaks() -> None:
    @dataclasses.dataclass(frozen=True)
    class Boast(PositionBased):
        def click(self, utility: Any, draw: Any) -> Any:
            return PositionBased.click(self, utility + 0.2, draw)

    with pytest.raises(ContractError, match="of slates, probabilities are"):
        check_choice(ChoiceCard(name="boast", summary="Boasts.", make=Boast, settings=Boast()))
