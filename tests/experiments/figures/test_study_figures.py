"""Every figure of a study is drawn, is a picture, and is the same twice."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from matplotlib.image import imread

from serendip.experiments.figures import FIGURES, draw_all
from serendip.experiments.figures.colours import GREYS, PALETTE, colours
from serendip.experiments.figures.style import MANY, apart, smooth
from serendip.experiments.online.measures import COUNTS
from serendip.experiments.online.results import Results
from serendip.experiments.online.study import Study
from serendip.simulator.errors import SettingsError


def made_up(n_seeds: int, agents: tuple[str, ...] = ("uniform", "popularity")) -> Results:
    rng = np.random.default_rng(0)
    shape = (n_seeds, 20, 3, len(COUNTS))
    counts = {agent: rng.uniform(10.0, 20.0, shape) for agent in agents}
    study = Study(name="discovery", agents=agents, reference=agents[0], seeds=n_seeds, days=20, world="tiny")
    return Results(study, tuple(range(n_seeds)), counts)


@pytest.mark.parametrize("n_seeds", [1, 2, 5])
def test_every_figure_is_drawn(n_seeds, tmp_path):
    files = draw_all(made_up(n_seeds), tmp_path)
    assert [f.stem for f in files] == list(FIGURES)
    for file in files:
        picture = imread(file)
        assert picture.std() > 0.05
        assert picture.shape[1] > 1000


def test_the_same_bytes_twice(tmp_path):
    hashes = [[hashlib.sha256(f.read_bytes()).hexdigest() for f in draw_all(made_up(3), tmp_path / n)] for n in "ab"]
    assert hashes[0] == hashes[1]


def test_smoothing_by_hand():
    assert smooth(np.array([[1.0, 3.0, 5.0, 7.0]]), days=2).tolist() == [[1.0, 2.0, 4.0, 6.0]]


def test_an_agent_has_one_colour_in_whatever_company():
    alone, among = colours(("vae-thompson",)), colours(("uniform", "ease-greedy", "vae-thompson"))
    assert alone["vae-thompson"] == among["vae-thompson"]
    assert among["uniform"] == GREYS["uniform"]


def test_of_sixty_agents_no_two_have_the_same_colour():
    from serendip.agents import AGENTS

    agents = (*AGENTS.names(), *(f"vae-thompson:temperature={n}" for n in range(20)))
    assert len(agents) >= 60
    assert len(set(colours(agents).values())) == len(agents)
    assert len(set(PALETTE)) == len(PALETTE)


def test_names_stand_apart_and_within_the_axes():
    placed = apart([1.0, 1.1, 9.9, 10.0], 1.0, 0.0, 10.0)
    assert placed == [1.0, 2.0, 9.0, 10.0]
    crowded = apart([5.0] * 11, 1.0, 0.0, 10.0)
    assert crowded == [float(n) for n in range(11)]


@pytest.mark.parametrize("name", list(FIGURES))
@pytest.mark.parametrize("group", ["low", "all", "high"])
def test_a_figure_is_drawn_on_axes_of_ones_own(name, group):
    from matplotlib.figure import Figure

    from serendip.plots import Plots

    ax = Figure().subplots()
    draw = getattr(Plots(made_up(3)), name.replace("-", "_"))
    impossible = (name, group) in {("activity", "all"), ("lifts", "high")}
    if impossible:
        with pytest.raises(SettingsError, match="low"):
            draw(ax=ax, group=group)
        return
    assert draw(ax=ax, group=group) is ax
    assert ax.get_xlabel()
    assert ax.has_data()


def test_many_agents_have_numbers_in_place_of_names_that_would_collide():
    few, many = made_up(3), made_up(3, tuple(f"mine-{n}" for n in range(MANY + 4)))
    assert not FIGURES.card("early-late").make(few).legends
    legend = FIGURES.card("early-late").make(many).legends[0]
    assert len(legend.get_texts()) == MANY + 4
    assert not FIGURES.card("activity").make(many).axes[0].collections, "bands of many agents hide each other"
