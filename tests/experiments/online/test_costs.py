"""What learning cost is told beside the results, never in them."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from serendip.agents import registry
from serendip.experiments.online.costs import read_costs
from serendip.experiments.online.life import Schedule, live
from serendip.experiments.online.results import read_results
from serendip.experiments.online.run import report
from serendip.experiments.online.study import Study, run_study, unit_folder
from serendip.simulator.errors import DataError
from serendip.simulator.settings_json import write_json
from serendip.simulator.world import make_world

STUDY = Study("cost", ("uniform", "popularity"), "uniform", seeds=2, days=8, update_every=3, world="tiny")


def test_each_update_is_told_with_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    world, told, ticks = make_world("tiny", 0), dict[int, float](), iter([10.0, 10.5, 20.0, 21.0, 30.0, 34.0])
    agent = registry.make("popularity", world.items, world.settings.slate_size, 0)
    monkeypatch.setattr("serendip.experiments.online.life.time.perf_counter", lambda: next(ticks))
    live(world, agent, Schedule(8, 3), [], told.__setitem__)
    assert told == {0: 0.5, 3: 1.0, 6: 4.0}


def test_costs_are_means_over_seeds_and_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    out, shown = tmp_path / "out", io.StringIO()
    run_study(STUDY, out, Console(file=io.StringIO()), jobs=1)
    clock = json.loads((unit_folder(out, 0, "popularity") / "clock.json").read_text())
    assert [day for day, seconds in enumerate(clock["update_seconds"]) if seconds > 0.0] == [0, 3, 6]
    assert sum(clock["update_seconds"]) < clock["seconds"]
    for seed, seconds in enumerate(([4.0, 0, 0, 2.0, 0, 0, 2.0, 0], [8.0, 0, 0, 0, 0, 0, 0, 0])):
        write_json(unit_folder(out, seed, "popularity") / "clock.json", {"update_seconds": seconds})
    report(out, Console(file=shown, width=200))
    cost = {cost["agent"]: cost for cost in json.loads((out / "costs.json").read_text())}["popularity"]
    assert cost["by_day"] == [6.0, 0, 0, 1.0, 0, 0, 1.0, 0]
    assert (cost["seeds"], cost["seconds_per_day"], cost["longest_update"]) == (2, 1.0, 6.0)
    assert "learning, seconds a day: popularity 1.000 (longest 6.00), uniform 0.000" in shown.getvalue()
    assert "update" not in (out / "summary.json").read_text()
    write_json(unit_folder(out, 1, "popularity") / "clock.json", {"seconds": 3.0})
    assert [cost.seeds for cost in read_costs(out, read_results(out))] == [2, 1]
    write_json(unit_folder(out, 1, "popularity") / "clock.json", {"update_seconds": "long"})
    with pytest.raises(DataError, match="not the clock of a unit"):
        read_costs(out, read_results(out))
