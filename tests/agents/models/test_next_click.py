"""Models of the next click, on sequences whose next click is known, and beside slow obvious references."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from serendip.agents.models import MODELS, build
from serendip.agents.models.model import Interactions, csr, in_order
from serendip.agents.models.next_click.likelihood import calibrated_logistic, full_softmax, sampled_softmax
from serendip.agents.models.next_click.markov import Markov, MarkovSettings
from serendip.agents.models.next_click.sequences import pairs, recent
from serendip.agents.registry import make
from serendip.simulator.errors import SerendipError
from serendip.simulator.interface import Items

NEXT_CLICK = [name for name, where in MODELS.items() if ".next_click." in where]
NETWORKS = ["gru", "self-attention", "softmax-attention", "gsasrec"]
QUICK: dict[str, dict[str, Any]] = {
    name: {"width": 16, "epochs": 60, "batch": 4, "dropout": 0.0, "learning_rate": 0.02} for name in NETWORKS
}


def sequences(*rows: list[int], n_items: int) -> Any:
    users = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    items = np.array([item for row in rows for item in row], dtype=np.int64)
    return in_order(users, items, (len(rows), n_items))


def cycle(n_items: int = 9) -> Any:
    """Everyone goes round the items in one and the same order, 0, 2, 4, ...; rounds begin and end anywhere."""
    rounds = [[(2 * (start + step)) % n_items for step in range(n_items + 2)] for start in range(n_items)]
    return sequences(*rounds, n_items=n_items)


@pytest.mark.parametrize("name", NEXT_CLICK)
def test_a_cycle_is_learned_exactly(name: str) -> None:
    model = build(name, QUICK.get(name))
    model.fit(Interactions(cycle()))
    for length in (1, 2, 5):
        rows = [[(2 * (start + step)) % 9 for step in range(length)] for start in range(9)]
        unseen = sequences(*rows, n_items=9)
        assert model.scores(unseen).argmax(axis=1).tolist() == [(row[-1] + 2) % 9 for row in rows]


@pytest.mark.parametrize("name", NEXT_CLICK)
def test_the_same_clicks_in_another_order_score_otherwise(name: str) -> None:
    model = build(name, QUICK.get(name))
    model.fit(Interactions(cycle()))
    one, other = model.scores(sequences([0, 2, 4], [4, 2, 0], n_items=9))
    assert one.argmax() == 6
    assert other.argmax() == 2


@pytest.mark.parametrize("name", NEXT_CLICK)
def test_an_empty_history_gets_what_is_popular(name: str) -> None:
    rows = [[3, item % 3] for item in range(12)] + [[3]] * 12
    model = build(name, QUICK.get(name))
    model.fit(Interactions(sequences(*rows, n_items=6)))
    assert model.scores(sequences([], n_items=6)).argmax() == 3


@pytest.mark.parametrize("name", NETWORKS)
def test_only_the_last_clicks_within_reach_count(name: str) -> None:
    model = build(name, QUICK[name] | {"length": 3, "epochs": 2})
    model.fit(Interactions(cycle()))
    long, short = model.scores(sequences([8, 7, 1, 2, 3], [1, 2, 3], n_items=9))
    assert np.array_equal(long, short)


@pytest.mark.parametrize("name", NETWORKS)
def test_states_do_not_see_what_comes_later(name: str) -> None:
    model: Any = build(name, QUICK[name] | {"epochs": 1})
    model.fit(Interactions(cycle()))
    one, other = (
        model.network(torch.tensor([clicks]), lambda x: x).detach() for clicks in ([1, 2, 3, 4], [1, 2, 9, 5])
    )
    assert torch.equal(one[:, :3], other[:, :3])
    assert not torch.equal(one[:, 3:], other[:, 3:])


def test_sampling_each_item_once_is_the_full_softmax() -> None:
    generator = torch.Generator().manual_seed(0)
    states, items, bias = (torch.randn(shape, generator=generator) for shape in ((5, 4), (7, 4), (7,)))
    wanted = torch.tensor([0, 6, 3, 3, 2])
    uniform = torch.full((7,), -np.log(7.0))
    sampled = sampled_softmax(states, wanted, items, bias, torch.arange(7), uniform)
    assert torch.allclose(sampled, full_softmax(states, wanted, items, bias), atol=1e-6)


def test_the_sampled_sum_over_items_is_right_in_the_mean() -> None:
    """False-alarm rate 1e-6: five standard errors of the mean over 4,000 independent draws."""
    generator = torch.Generator().manual_seed(1)
    states, items, bias = (torch.randn(shape, generator=generator).double() for shape in ((1, 3), (6, 3), (6,)))
    chance = torch.tensor([0.4, 0.1, 0.1, 0.1, 0.1, 0.2], dtype=torch.float64)
    wanted = torch.tensor([2])
    own = (states @ items.T + bias)[0, 2]
    sums = list[float]()
    for _ in range(4000):
        drawn = torch.multinomial(chance, 8, replacement=True, generator=generator)
        sums.append(float(torch.exp(sampled_softmax(states, wanted, items, bias, drawn, chance.log()) + own)))
    exact = float(torch.exp(full_softmax(states, wanted, items, bias) + own))
    assert abs(np.mean(sums) - exact) < 5.0 * np.std(sums) / np.sqrt(len(sums))


def logistic_by_hand(logits: Any, wanted: int, drawn: list[int], calibration: float) -> float:
    """One click's calibrated loss, written out as Petrov & Macdonald (2023) have it."""
    share = len(drawn) / (len(logits) - 1)
    beta = share * (calibration * (1.0 - 1.0 / share) + 1.0 / share)
    own = -np.log((1.0 / (1.0 + np.exp(-logits[wanted]))) ** beta)
    others = sum(-np.log(1.0 - 1.0 / (1.0 + np.exp(-logits[j]))) for j in drawn if j != wanted)
    return float((own + others) / (len(drawn) + 1))


@pytest.mark.parametrize("calibration", [0.0, 0.6, 1.0])
def test_the_calibrated_loss_by_hand(calibration: float) -> None:
    generator = torch.Generator().manual_seed(0)
    states, items, bias = (torch.randn(shape, generator=generator).double() for shape in ((3, 4), (7, 4), (7,)))
    wanted, drawn = [0, 6, 3], [2, 3, 5]
    logits = (states @ items.T + bias).numpy()
    expected = np.mean([logistic_by_hand(logits[row], y, drawn, calibration) for row, y in enumerate(wanted)])
    found = calibrated_logistic(states, torch.tensor(wanted), items, bias, torch.tensor(drawn), calibration)
    assert abs(float(found) - expected) < 1e-12


@pytest.mark.parametrize("calibration", [0.0, 1.0])
def test_full_calibration_gives_the_chance_of_the_next_click(calibration: float) -> None:
    """The expected loss, over positives and over all sets of two negatives, is stationary where s(f_j) = p_j if t = 1.

    With t = 0 it is where the odds are p_j / (1 - p_j) over the share of the negatives, 2 of 4: too sure.
    """
    chance = torch.tensor([0.5, 0.2, 0.15, 0.1, 0.05], dtype=torch.float64)
    odds = chance / (1.0 - chance) / (1.0 if calibration == 1.0 else 0.5)
    bias = odds.log().requires_grad_()
    loss = torch.zeros((), dtype=torch.float64)
    none = torch.zeros((1, 1), dtype=torch.float64)
    for wanted in range(5):
        others = [item for item in range(5) if item != wanted]
        for drawn in itertools.combinations(others, 2):
            one = calibrated_logistic(
                none, torch.tensor([wanted]), none.expand(5, 1), bias, torch.tensor(drawn), calibration
            )
            loss = loss + chance[wanted] * one / 6.0
    (slope,) = torch.autograd.grad(loss, [bias])
    assert slope.abs().max() < 1e-12


def test_transitions_beside_loops() -> None:
    rows = [[0, 1, 2, 1, 0], [3], [], [2, 2, 4, 0]]
    clicks = sequences(*rows, n_items=5)
    counted = np.zeros((5, 5))
    for row in rows:
        for first, earlier in enumerate(row):
            for distance in (1, 2):
                if first + distance < len(row):
                    counted[earlier, row[first + distance]] += 1.0 / distance
    model = Markov(MarkovSettings(smoothing=2.0, reach=2))
    model.fit(Interactions(clicks))
    assert np.array_equal(model.transitions.toarray(), counted.astype(np.float32))
    seen = (csr(clicks).toarray() > 0).sum(axis=0) + 1.0
    popular = seen / seen.sum()
    for item in range(5):
        by_hand = (counted[item] + 2.0 * popular) / (counted[item].sum() + 2.0)
        assert np.allclose(model.scores(sequences([item], n_items=5))[0], by_hand)
    assert np.allclose(model.scores(sequences([], n_items=5))[0], popular)


def test_windows_and_pairs_by_hand() -> None:
    rows = sequences([5, 3, 5, 1], [], [2], n_items=6)
    assert recent(rows, 3).tolist() == [[4, 6, 2], [0, 0, 0], [3, 0, 0]]
    assert [part.tolist() for part in pairs(rows, 1)] == [[5, 3, 5], [3, 5, 1]]
    assert [part.tolist() for part in pairs(rows, 3)] == [[5], [1]]
    assert csr(rows).toarray()[0].tolist() == [0, 1, 0, 1, 0, 2]  # the other models see how often


def test_slices_keep_the_order() -> None:
    rows = sequences([5, 3, 1], [4, 2], n_items=6)
    assert recent(rows[[1, 0]], 3).tolist() == [[5, 3, 0], [6, 4, 2]]


def test_order_needs_a_belief_that_tells_it_and_a_model_that_reads_it() -> None:
    items = Items(topic=np.zeros(6, dtype=np.int32), released=np.zeros(6, dtype=np.int32))
    with pytest.raises(SerendipError, match="the belief 'point' does not tell it; choose the belief next-click"):
        make("ease-greedy", items, 2, 0, model="gru")
    with pytest.raises(SerendipError, match=r"'ease' does not read; choose a model among .*markov-chain, .*gru"):
        make("greedy", items, 2, 0, belief="next-click", model="ease")
