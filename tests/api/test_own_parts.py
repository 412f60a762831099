"""Parts of one's own beside the shipped ones: from files, from a `python -c`, and as a plug-in, with two workers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import toys

TEMPLATES = Path(__file__).parents[2] / "experiments" / "cli" / "templates"
KINDS = ("agent", "dynamics", "estimator", "model", "study")
GROUPS = {"agent": "agents", "estimator": "estimators", "model": "models", "study": "studies", "strategy": "strategies"}
MAIN = "import sys; from serendip.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"
WORLD = {"base": "tiny", "name": "my_world", "dynamics": {"kind": "my_dynamics"}, "population": {"n_users": 60}}
EVALUATE = ("--columns", "reward=click", "propensity=p", "user=u", "--target-column", "pi", "--jobs", "2")
# a strategy that has the name of a file's stem, with a shipped belief and a model of one's own
MINE = "my_agent.py:MyAgent"
AGENTS = ("my_strategy:belief=point,model=my_model", "ease-greedy")


def part(kind: str) -> str:
    """Return the text of a file that `serendip new` writes, or of a strategy."""
    if kind == "strategy":
        return toys.STRATEGY.replace("toy-strategy", "my_strategy").replace("toy-belief", "point")
    name = f"my_{kind}"
    words = {"name": name, "Name": f"My{kind.capitalize()}", "module": name, "file": f"{name}.py"}
    text = (TEMPLATES / f"{kind}.txt").read_text().format(**words)
    return text.replace("seeds=6", "seeds=2").replace("days=120", "days=2")


def python(folder: Path, *words: str, **further: str) -> str:
    """Return what Python prints when it runs these words in `folder`, where it must do well."""
    run = [sys.executable, *words]
    done = subprocess.run(
        run, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"} | further
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table of slots in two files, and a world over a preset."""
    rng, table = np.random.default_rng(0), tmp_path / "table"
    table.mkdir()
    for number in range(2):
        n = 600
        columns = {"click": rng.integers(2, size=n), "p": np.full(n, 0.5), "pi": rng.choice([0.25, 0.75], n)}
        pq.write_table(pa.table(columns | {"u": rng.integers(100, size=n)}), table / f"{number}.parquet")
    (tmp_path / "my_world.json").write_text(json.dumps(WORLD))
    return tmp_path


def value(printed: str) -> float:
    return json.loads(printed)["estimates"]["my_estimator"]["value"]


def test_from_files(folder: Path) -> None:
    for kind in (*KINDS, "strategy"):
        (folder / f"my_{kind}.py").write_text(part(kind))
    use = [f"my_{kind}.py:CARD" for kind in ("dynamics", "strategy", "model")]
    run = ("run", "my_study.py:CARD", "--world", "my_world.json", "--use", *use, "--jobs", "2", "--seeds", "1")
    printed = python(folder, "-c", MAIN, *run, "--agents", *AGENTS, MINE, "--out", "out", "--json", "-")
    told = json.loads(printed)
    assert (told["study"], told["world"]) == ("my_study", "my_world.json")
    assert [row["agent"] for row in told["agents"]] == [*AGENTS, MINE]
    assert len(pq.read_table(folder / "out/seeds/seed-000/ease-greedy/log/users.parquet")) == 60
    words = ("evaluate", "table", *EVALUATE, "--use", "my_estimator.py:CARD", "--estimators", "my_estimator", "snips")
    assert 0.2 < value(python(folder, "-c", MAIN, *words, "--json", "-")) < 0.8
    log = next(folder.glob("out/seeds/seed-000/ease-greedy/log"))
    own = ("evaluate", str(log), "--target", MINE, "--json", "-")
    assert json.loads(python(folder, "-c", MAIN, *own))["target"] == MINE


def in_one(kinds: tuple[str, ...]) -> str:
    """Return the texts of several parts as one, in which no name stands twice."""
    texts = list[str]()
    for kind in kinds:
        text = re.sub(r"\bCARD\b", f"CARD_{kind}", part(kind)).replace("from __future__ import annotations", "")
        texts.append(re.sub(r"\bSettings\b", f"Settings_{kind}", text))
    return "from __future__ import annotations\n" + "\n".join(texts)


def test_from_a_python_c_as_in_a_notebook(folder: Path) -> None:
    code = in_one((*KINDS, "strategy")) + (
        "\nfor card in (CARD_dynamics, CARD_model, CARD_strategy, CARD_estimator, CARD_study):\n"
        "    serendip.add(card)\n"
        f"agents = [*{AGENTS!r}, MyAgent]\n"
        "results = serendip.run(agents, 'my_world.json', study='my_study', seeds=1, jobs=2, quiet=True)\n"
        "assert results.agents == (*agents[:2], 'MyAgent'), results.agents\n"
        "found = serendip.evaluate('table', 'pi', reward='click', propensity='p', user='u', jobs=2,"
        " estimators=['my_estimator', 'snips'])\n"
        "print(found.table.where(estimator='my_estimator')['value'][0])\n"
        "print(serendip.evaluate(results.log('ease-greedy'), MyAgent).evaluation.target)"
    )
    number, target = python(folder, "-c", code).split()
    assert 0.2 < float(number) < 0.8
    assert target == "MyAgent"


def test_as_a_plug_in(folder: Path) -> None:
    package, info = folder / "site" / "my_parts", folder / "site" / "my_parts-1.0.dist-info"
    for made in (package, info):
        made.mkdir(parents=True)
    (package / "__init__.py").write_text(f"WORLD = {WORLD!r}\n")
    points = [
        "[serendip.worlds]\nmy_world = my_parts:WORLD",
        "[serendip.dynamics]\nmy_dynamics = my_parts.dynamics:CARD",
    ]
    for kind, group in GROUPS.items():
        (package / f"{kind}.py").write_text(part(kind))
        points.append(f"[serendip.{group}]\nmy_{kind} = my_parts.{kind}:{'MyAgent' if kind == 'agent' else 'CARD'}")
    (package / "dynamics.py").write_text(part("dynamics"))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-parts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(points) + "\n")
    path = os.pathsep.join(filter(None, [str(folder / "site"), os.environ.get("PYTHONPATH", "")]))
    run = ("run", "my_study", "--world", "my_world", "--agents", *AGENTS, "my_agent", "--jobs", "2", "--seeds", "1")
    told = json.loads(python(folder, "-c", MAIN, *run, "--out", "out", "--json", "-", PYTHONPATH=path))
    assert [row["agent"] for row in told["agents"]] == [*AGENTS, "my_agent"]
    words = ("evaluate", "table", *EVALUATE, "--estimators", "my_estimator", "snips", "--json", "-")
    assert 0.2 < value(python(folder, "-c", MAIN, *words, PYTHONPATH=path)) < 0.8
    assert "my_world" in python(folder, "-c", MAIN, "list", "worlds", PYTHONPATH=path)
