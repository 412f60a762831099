"""Frames in, tables and figures out."""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.figure import Figure

import serendip
from serendip.agents import AGENTS
from serendip.experiments.__main__ import main
from serendip.simulator.errors import DataError, SettingsError

FUNCTIONS = [name for name in serendip.__all__ if inspect.isroutine(getattr(serendip, name))]


@pytest.fixture(autouse=True)
def _nobody_stays() -> Iterator[None]:
    yield
    for card in AGENTS.admitted():
        AGENTS.dismiss(card.name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example_that_is_true(name: str) -> None:
    found = getattr(serendip, name)
    [test] = doctest.DocTestFinder(recurse=False).find(found, name, module=False, globs={})
    assert test.examples, f"serendip.{name} has no example"
    said = list[str]()
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)


def slots() -> pa.Table:
    rng = np.random.default_rng(0)
    n = 3000
    first = rng.random(n) < 0.3
    propensity = np.where(first, 0.3, 0.7)
    click = rng.random(n) < np.where(first, 0.5, 0.2)
    user = [f"{i:03d}" for i in rng.integers(200, size=n)]
    return pa.table({"click": click.astype(int), "pscore": propensity, "pi": np.full(n, 0.5), "who": user})


def frames() -> list[Any]:
    found: list[Any] = [slots()]
    for library, make in (("pandas", lambda m: slots().to_pandas()), ("polars", lambda m: m.DataFrame(slots()))):
        try:
            found.append(make(importlib.import_module(library)))
        except ImportError:
            continue
    return found


def test_every_frame_gives_what_its_file_gives_to_the_last_bit(tmp_path: Path) -> None:
    pq.write_table(slots(), tmp_path / "log.parquet")
    columns = {"reward": "click", "propensity": "pscore", "user": "who"}
    wanted = serendip.evaluate(tmp_path / "log.parquet", "pi", **columns)
    for frame in [*frames(), slots().to_pydict()]:
        found = serendip.evaluate(frame, target="pi", **columns)
        assert found.table.to_pylist() == wanted.table.to_pylist()
        assert found.verdict == wanted.verdict
    assert wanted.interval is not None
    assert wanted.interval[0] < wanted.value < wanted.interval[1]  # pyright: ignore
    assert wanted.verdict in repr(wanted)


def test_frames_of_open_bandit_files_equal_the_command_line_to_the_last_bit(tmp_path: Path) -> None:
    rng, n = np.random.default_rng(3), 1500
    item = rng.integers(34, size=n)
    score = rng.dirichlet(np.ones(34))[item]
    columns = ["timestamp", "item_id", "position", "click", "propensity_score", "user_feature_0", "affinity_0", "pi"]
    lines = [",".join(["", *columns])]
    for at in range(n):
        row = [
            "2019-11-24 00:01:29.788335+00:00",
            item[at],
            at % 3 + 1,
            int(rng.random() < 0.1),
            repr(float(score[at])),
        ]
        lines.append(",".join(map(str, [at, *row, "81ce123cbb5b", 0.0, repr(float(rng.random() * score[at]))])))
    (tmp_path / "men.csv").write_text("\n".join(lines) + "\n")
    given = ["--columns", "reward=click", "propensity=propensity_score", "--target-column", "pi"]
    assert main(["evaluate", str(tmp_path / "men.csv"), *given, "--json", str(tmp_path / "found.json")]) == 0
    wanted = json.loads((tmp_path / "found.json").read_text())
    readers = {"pyarrow.csv": "read_csv", "pandas": "read_csv", "polars": "read_csv"}
    for library, read in readers.items():
        frame = getattr(pytest.importorskip(library), read)(tmp_path / "men.csv")
        found = serendip.evaluate(frame, "pi", reward="click", propensity="propensity_score").to_json()
        assert found.pop("log").startswith("the ")
        assert found == {name: value for name, value in wanted.items() if name != "log"}, library


def test_what_is_wrong_with_a_frame_is_said_of_the_frame() -> None:
    with pytest.raises(DataError, match=r"^the pyarrow.* Table: no column 'price'"):
        serendip.evaluate(slots(), "pi", reward="price")


def test_what_is_no_table_is_one_sentence() -> None:
    with pytest.raises(DataError, match="the int that was given is no table"):
        serendip.evaluate(3, target="pi")
    with pytest.raises(DataError, match="the dict that was given is no table"):
        serendip.evaluate({"a": [1, 2], "b": [1]}, target="b")


@pytest.fixture(scope="module")
def results() -> Any:
    return serendip.run(["uniform", "ease-greedy"], "tiny", seeds=2, days=8, jobs=1, quiet=True)


def test_results_are_tables_and_figures(results: Any) -> None:
    daily = results.daily
    assert len(daily) == 2 * 2 * 8 * 3
    assert pa.table(daily).num_rows == len(daily)
    one = daily.where(agent="uniform", seed=1, group="low")
    assert one["day"].tolist() == list(range(8))
    assert set(results.summary["agent"]) == {"uniform", "ease-greedy"}
    lifts = results.lifts(over="uniform")
    assert lifts["agent"] == ["ease-greedy", "ease-greedy"]
    closing = {
        agent: np.mean([
            daily.where(agent=agent, group="low", seed=seed)["visitors"][-2:].mean() for seed in (0, 1)
        ])
        for agent in results.agents
    }  # fmt: skip
    assert lifts.where(group="low")["lift"][0] == pytest.approx(closing["ease-greedy"] - closing["uniform"])
    with pytest.raises(SettingsError, match="'nobody' did not take part"):
        results.lifts(over="nobody")
    ax = Figure().subplots()
    assert results.plot.activity(ax=ax, group="low") is ax
    assert len(ax.lines) >= 2
    assert isinstance(results.plot.survival(), Figure)
    with pytest.raises(AttributeError, match="no figure 'pie'; figures: "):
        _ = results.plot.pie


def test_a_folder_of_results_is_loaded_as_it_was(results: Any) -> None:
    assert serendip.load(results.folder).daily.to_pylist() == results.daily.to_pylist()


def test_a_world_is_given_as_it_is(tmp_path: Path) -> None:
    world = serendip.load("tiny")
    found = serendip.run(["uniform"], world, seeds=1, days=3, jobs=1, quiet=True, out=tmp_path / "out")
    named = serendip.run(["uniform"], "tiny", seeds=1, days=3, jobs=1, quiet=True)
    assert found.daily.to_pylist() == named.daily.to_pylist()


def test_models_are_ranked_on_a_frame() -> None:
    rng = np.random.default_rng(1)
    user = np.repeat(np.arange(60), 12)
    item = np.concatenate([rng.permutation(20)[:12] * 2 + u % 2 for u in range(60)])
    frame = pa.table({"user": user, "item": item, "timestamp": np.arange(len(user)) * 3600 + 1_500_000_000})
    found = serendip.benchmark(frame, ["popularity", "ease"], trials=1, quiet=True)
    quality = found.where(metric="ndcg@100")
    best = dict(zip(quality["model"], quality["value"], strict=True))
    assert best["ease"] > best["popularity"]
