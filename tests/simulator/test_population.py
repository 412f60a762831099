"""Users are drawn the same, to the last bit, by compiled code and by NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from serendip.simulator import population
from serendip.simulator.compiled import philox
from serendip.simulator.population import Cohort, Population, PopulationSettings, draw_population

FEW = PopulationSettings(n_users=3001, cohorts=(Cohort(), Cohort("keen", 0.5, liked_topics=1.6)))


def drawn(monkeypatch: pytest.MonkeyPatch, settings: PopulationSettings, n_topics: int, compiled: bool) -> Population:
    """Return users in blocks of 1,000, so that streams go on from one to the next."""
    monkeypatch.setattr(population, "BLOCK", 1000)
    monkeypatch.setattr(population, "COMPILED_FROM", 0 if compiled else 1 << 60)
    return draw_population(settings, n_topics, 0.3, seed=11)


@pytest.mark.parametrize(
    ("settings", "n_topics"),
    [
        (FEW, 64),
        (replace(FEW, known_topics=3, liked_mean=0.2), 33),
        (replace(FEW, known_topics=0), 5),
        (replace(FEW, known_topics=40, liked_topics=4.0, agreement=1.0), 9),
        (replace(FEW, liked_topics=0.0), 7),
    ],
)
def test_the_compiled_code_draws_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, settings: PopulationSettings, n_topics: int
) -> None:
    one, two = (drawn(monkeypatch, settings, n_topics, compiled) for compiled in (False, True))
    assert one.taste.tobytes() == two.taste.tobytes()
    assert one.known.tobytes() == two.known.tobytes()
    assert (two.known > 0).mean() > 0.0 or settings.known_topics == 0


def test_normals_are_those_of_numpy_in_the_tail_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 384,000 normals about 100 lie beyond 3.65, where another method draws them."""
    one, two = (
        drawn(monkeypatch, replace(FEW, n_users=1000, liked_mean=0.0, other_mean=0.0, taste_spread=1.0), 384, compiled)
        for compiled in (False, True)
    )
    assert (abs(one.taste) > 3.66).sum() > 30
    assert one.taste.tobytes() == two.taste.tobytes()


def test_the_stream_is_that_of_numpy() -> None:
    numbers = np.empty(80, np.uint64)
    philox.fill(np.uint64(99), 3, numbers)
    stream = np.random.Generator(np.random.Philox(key=99))
    assert numbers.tolist() == stream.bit_generator.random_raw(92)[12:].tolist()
    uniforms = np.random.Generator(np.random.Philox(key=99)).random(40)
    assert [philox.uniform_at(np.uint64(99), at) for at in range(40)] == uniforms.tolist()


def test_groups_are_thirds_of_the_base_rates() -> None:
    rate = np.array([3, 1, 2, 2, 9, 0, 2], np.float32)
    users = replace(draw_population(replace(FEW, n_users=7), 4, 0.3, 0), base_rate=rate)
    assert users.activity_group().tolist() == [2, 0, 0, 1, 2, 0, 1]
