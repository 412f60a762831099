"""Logs as other libraries write them, read by the column maps of docs/data.md to the value worked out by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import serendip
from serendip.experiments.__main__ import main
from serendip.simulator.errors import SettingsError

N = 400
RNG = np.random.default_rng(0)
ACTION = RNG.integers(1, 4, N)
PROPENSITY = np.array([0.5, 0.3, 0.2])[ACTION - 1]
TARGET = np.array([0.1, 0.1, 0.8])[ACTION - 1]
REWARD = RNG.integers(2, size=N).astype(float)
USER, STEP = np.arange(N) // 4, np.arange(N) % 4


def dsjson(path: Path) -> None:
    """Write what Vowpal Wabbit logs: nested contexts of all sorts, costs, probabilities of all actions."""
    lines = list[str]()
    for at in range(N):
        others = [0.5, 0.3, 0.2]
        line = {
            "_label_cost": -REWARD[at] if at % 2 else -int(REWARD[at]),
            "_label_probability": PROPENSITY[at],
            "_label_Action": int(ACTION[at]),
            "_labelIndex": int(ACTION[at]) - 1,
            "o": [{"v": REWARD[at], "EventId": f"e{at}"}],
            "Timestamp": "2024-01-01T00:00:00.0000000Z",
            "a": [1, 2, 3],
            "p": others,
            "c": {"shared": {"user": f"u{at}", "hour": at % 24}, "_multi": [{"item": {"price": 1.5}} for _ in others]},
            "VWState": {"m": "model/1"},
            "pi": TARGET[at],
        }
        lines.append(json.dumps(line))
    path.write_text("\n".join(lines) + "\n")


def recsim(path: Path) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["user_id", "doc_id", "slot", "clicked", "watch_time", "p", "pi"])
        rows = zip(USER, ACTION, STEP, REWARD, PROPENSITY, TARGET, strict=True)
        table.writerows([u, i, k, int(r), 3.2, p, t] for u, i, k, r, p, t in rows)


LOGS: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "vw.dsjson": (dsjson, ["reward=-_label_cost", "propensity=_label_probability", "item=_label_Action"]),
    "recsim.csv": (
        recsim, ["reward=clicked", "propensity=p", "item=doc_id", "user=user_id", "position=slot"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_read_by_the_map_of_the_page(
    root: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write, columns = LOGS[name]
    write(tmp_path / name)
    assert " ".join(columns) in (root / "docs" / "data.md").read_text()
    given = ["evaluate", str(tmp_path / name), "--columns", *columns, "--target-column", "pi"]
    assert main([*given, "--estimators", "snips", "ips", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)["estimates"]
    weight = TARGET / PROPENSITY
    assert found["snips"]["value"] == pytest.approx((weight * REWARD).sum() / weight.sum(), rel=1e-12)
    assert found["ips"]["value"] == pytest.approx((weight * REWARD).mean(), rel=1e-12)


def test_steps_of_trajectories_are_the_days_of_users() -> None:
    table = {"action": ACTION, "reward": REWARD, "pscore": PROPENSITY, "trajectory": USER, "step": STEP, "pi": TARGET}
    columns = {"propensity": "pscore", "item": "action", "user": "trajectory", "day": "step"}
    found = serendip.evaluate(table, "pi", estimators=["snips"], columns=columns)
    weight = TARGET / PROPENSITY
    assert found.table["value"][0] == pytest.approx((weight * REWARD).sum() / weight.sum(), rel=1e-12)
    assert found.evaluation.diagnostics["n_users"] == N / 4


def test_a_column_that_begins_with_a_minus_is_itself() -> None:
    table = {"-cost": REWARD, "cost": REWARD + 1.0, "pscore": PROPENSITY, "pi": PROPENSITY}
    found = serendip.evaluate(table, "pi", estimators=["ips"], reward="-cost")
    assert found.table["value"][0] == pytest.approx(REWARD.mean())
    with pytest.raises(SettingsError, match="unknown name 'cost'"):
        serendip.evaluate(table, "pi", cost="-cost")
