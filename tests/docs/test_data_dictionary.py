"""The data dictionary names every file that is written, and exactly the columns that these files have."""

from __future__ import annotations

import csv
import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from safetensors import safe_open

from serendip.experiments.__main__ import main

LISTED = (
    "README.txt",
    "study.toml",
    "report.html",
    "summary.md",
    "figures/*",
    "fit.png",
    "lock",
    "agent/arrays.safetensors",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, write_ratings: Any) -> Path:
    """A folder with results, a fitted world, an evaluation and an audit."""
    folder = tmp_path_factory.mktemp("written")
    write_ratings(folder / "ratings.csv")
    log = f"{folder}/results/seeds/seed-000/uniform/log"
    run = [
        "--world",
        "tiny",
        "--agents",
        "uniform",
        "ease-greedy",
        "--seeds",
        "1",
        "--days",
        "4",
        "--jobs",
        "1",
        "--save-agents",
    ]
    for words in (
        ["run", "discovery", *run, "--out", f"{folder}/results"],
        ["calibrate", f"{folder}/ratings.csv", "--out", f"{folder}/world"],
        ["evaluate", log, "--target", "uniform", "--json", f"{folder}/evaluation.json"],
        ["audit", log, "--json", f"{folder}/audit.json"],
        ["compare", f"{folder}/results", f"{folder}/results", "--json", f"{folder}/comparison.json"],
    ):
        assert main(words) in (0, None), words
    return folder


def sections(page: str) -> dict[str, set[str]]:
    """Return the columns that stand under each heading of the page, in the first cells of its table."""
    found = dict[str, set[str]]()
    for part in re.split(r"^##+ ", page, flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE)
        found[title.replace("`", "")] = {name for cell in cells for name in re.findall(r"`([^`]*)`", cell)}
    return found


def columns(file: Path) -> set[str]:
    """Return what a file has: columns of a table, arrays, or the names of a JSON object."""
    if file.suffix == ".parquet":
        return set(pq.read_schema(file).names)
    if file.suffix == ".csv":
        with file.open(newline="") as lines:
            return set(next(csv.reader(lines)))
    if file.suffix == ".safetensors":
        with safe_open(file, "np") as arrays:
            return set(arrays.keys())
    value: Any = json.loads(file.read_text())
    return set(value[0] if isinstance(value, list) else value)


def heading(file: str, titles: list[str]) -> str | None:
    """Return the heading that a file stands under: the longest that its path ends with."""
    fits = [
        (len(name), title)
        for title in titles
        for name in re.split(r" and |: serendip.*", title)
        if name and fnmatch.fnmatch(f"/{file}", f"*/{name}")
    ]
    return max(fits)[1] if fits else None


def test_every_file_and_column_is_in_the_dictionary(root: Path, written: Path) -> None:
    found = sections((root / "docs/data-dictionary.md").read_text(encoding="utf-8"))
    found |= {"evaluation.json": found["An evaluation: serendip evaluate --json FILE"]}
    found |= {"audit.json": found["An audit: serendip audit --json FILE"]}
    found |= {"comparison.json": found["A comparison: serendip compare --json FILE"]}
    seen = dict[str, set[str]]()
    for file in sorted(path for path in written.rglob("*") if path.is_file() and path.name != "ratings.csv"):
        name = file.relative_to(written).as_posix()
        if any(fnmatch.fnmatch(name, f"*{listed}") for listed in LISTED):
            continue
        title = heading(name, list(found))
        assert title is not None, f"{name} is not in docs/data-dictionary.md"
        if name.endswith("log/world/world.json"):
            title = "world.json"
        assert columns(file) <= found[title], f"{title}: docs/data-dictionary.md lacks {columns(file) - found[title]}"
        seen[title] = seen.get(title, set()) | columns(file)
    for title, names in seen.items():
        made_up = {name for name in found[title] - names if " " not in name}
        assert not made_up, f"{title}: docs/data-dictionary.md has {made_up}, which no file has"
    assert len(seen) >= 18
