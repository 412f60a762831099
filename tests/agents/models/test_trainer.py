"""The one loop by which models are learned by gradient."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from serendip.agents.models import build
from serendip.agents.models.model import Interactions, csr
from serendip.agents.models.told import telling
from serendip.agents.models.trainer import Phase, Progress, Rows, Schedule, _Adam, train  # pyright: ignore[reportPrivateUsage]
from serendip.simulator.errors import SettingsError

LEARNED = ("mult-vae", "mult-dae", "matrix-factorisation")


def clicks() -> Any:
    return csr((np.random.default_rng(0).random((40, 12)) < 0.3).astype(np.float32))


def line(n_epochs: int, patience: int, qualities: list[float] | None) -> tuple[torch.Tensor, Progress]:
    """A number that falls by about 1 in each of `n_epochs`, and what a judge of given opinions makes of it."""
    x, progress, said = torch.zeros(1), Progress(), iter(qualities or [])
    judge = None if qualities is None else lambda: next(said)
    loss = Phase([x], lambda rows: x.sum())
    train([loss], 4, Schedule(n_epochs, 4, 1.0, patience), progress, torch.Generator().manual_seed(0), judge)
    return x.detach(), progress


def test_learning_ends_with_the_best_that_the_judge_saw() -> None:
    x, progress = line(100, 2, [0.1, 0.4, 0.3, 0.2, 0.9])
    assert progress == Progress(steps=20, fits=1)  # two looks, five epochs each, after the best one
    assert x.item() == pytest.approx(-10.0, abs=1e-3)  # Adam's steps along a line are of the learning rate's length


def test_without_a_judge_or_patience_learning_goes_on_to_the_end() -> None:
    assert line(7, 0, [0.1])[1].steps == 7
    assert line(7, 3, None)[1].steps == 7


def test_the_last_epoch_is_looked_at_too() -> None:
    assert line(7, 3, [0.1, 0.2])[0].item() == pytest.approx(-7.0, abs=1e-3)


def test_phases_take_turns() -> None:
    log = list[str]()

    def phase(name: str, passes: int) -> Phase:
        x = torch.zeros(1)

        def loss(rows: Rows) -> torch.Tensor:
            log.append(f"{name}{len(rows)}")
            return x.sum()

        return Phase([x], loss, passes, lambda: log.append(f"before {name}"))

    train([phase("a", 2), phase("b", 1)], 3, Schedule(2, 2, 0.1), Progress(), torch.Generator())
    assert log == ["before a", "a2", "a1", "a2", "a1", "before b", "b2", "b1"] * 2


def test_a_term_rises_on_a_line_and_stays() -> None:
    weights = [Progress(steps).annealed(0.2, 10) for steps in (0, 5, 10, 99)]
    assert weights == pytest.approx([0.0, 0.1, 0.2, 0.2])
    assert Progress().annealed(0.2, 0) == 0.0


@pytest.mark.parametrize("name", LEARNED)
def test_a_model_stops_by_the_judge_of_its_data_and_keeps_what_was_best(name: str) -> None:
    seen = list[Any]()

    def judge(model: Any) -> float:
        seen.append(model.scores(clicks()))
        return -float(len(seen))  # the first is the best

    model: Any = build(name, {"epochs": 40, "patience": 2, "latent": 4, "batch": 20})
    model.fit(Interactions(clicks(), judge=judge))
    assert len(seen) == 3
    assert model.progress.steps == 15 * 2
    assert np.array_equal(model.scores(clicks()), seen[0])


@pytest.mark.parametrize("name", LEARNED)
def test_later_fits_keep_to_a_budget_of_steps_and_start_anew_on_schedule(name: str) -> None:
    small = {"epochs": 4, "latent": 4, "batch": 20, "warm_epochs": 50, "warm_steps": 3, "refit_every": 3}
    model: Any = build(name, small)
    steps, moved = list[int](), list[float]()
    for _ in range(5):
        before = {name: value.clone() for name, value in model.parameters.items()}
        model.fit(Interactions(clicks()))
        steps.append(model.progress.steps)
        moved.append(max((float((model.parameters[k] - old).abs().max()) for k, old in before.items()), default=0.0))
    cold = 4 * 2
    assert steps == [cold, cold + 3, cold + 6, cold, cold + 3]
    assert moved[3] > 2.0 * max(moved[1], moved[2], moved[4]) > 0.0


def test_a_budget_is_of_each_phase() -> None:
    model: Any = build(
        "rec-vae", {"epochs": 2, "batch": 20, "latent": 4, "hidden": 5, "warm_epochs": 9, "warm_steps": 3}
    )
    model.fit(Interactions(clicks()))
    steps, before = model.progress.steps, {name: value.clone() for name, value in model.parameters.items()}
    model.fit(Interactions(clicks()))
    assert model.progress.steps == steps + 3 + 3
    for half in ("encoder", "decoder"):
        names = [name for name in before if name.startswith(half)]
        assert any(not torch.equal(model.parameters[name], before[name]) for name in names)


def test_a_budget_below_nothing_is_an_error() -> None:
    with pytest.raises(SettingsError, match="warm_steps is -1; allowed is 0 to 1,000,000"):
        build("mult-vae", {"warm_steps": -1})


def test_who_asks_is_told_of_each_epoch_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    told = list[int]()

    @contextmanager
    def listen(total: int) -> Generator[Callable[[], None]]:
        told.append(total)
        yield lambda: told.append(1)

    with telling(listen):
        line(3, 0, None)
        with telling():
            line(3, 0, None)
    assert told == [3, 1, 1, 1]
    assert capsys.readouterr() == ("", "")


def test_steps_are_those_of_adam_in_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    ours = [torch.randn((4, 3), generator=generator).requires_grad_() for _ in range(2)]
    theirs = [leaf.detach().clone().requires_grad_() for leaf in ours]
    mine, optimiser = _Adam(ours, 0.01), torch.optim.Adam(theirs, lr=0.01, fused=True)
    for _ in range(5):
        mine.clear()
        optimiser.zero_grad()
        for a, b in (ours, theirs):
            ((a**3).sum() + b.sin().sum()).backward()
        mine.step()
        optimiser.step()
    assert all(torch.equal(left, right) for left, right in zip(ours, theirs, strict=True))
