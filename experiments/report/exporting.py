"""A results folder without what it was made of: as a folder or a ZIP archive, to send."""

from __future__ import annotations

import csv
import glob
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from serendip.experiments.online.agents import read_agent
from serendip.experiments.online.results import read_results
from serendip.experiments.online.run import USUAL, Forms, write
from serendip.experiments.online.study import STUDY, unit_folder
from serendip.experiments.running.pieces import remove
from serendip.simulator.errors import SettingsError
from serendip.simulator.files import sync_folder, whole_file
from serendip.simulator.logs import open_log

NAMES = ("items.csv",)
_SAME_DAY = (1980, 1, 1, 0, 0, 0)  # in an archive, so that two are the same bytes


def export(results: Path, to: Path, forms: Forms = USUAL, *, logs: bool = False) -> list[str]:
    """Write what can be sent of the results folder to `to`; return the names of the files there.

    Args:
        results: a folder that `serendip run` wrote.
        to: a folder that is not there yet or empty, or a file that ends with `.zip`.
        forms: of figures and tables.
        logs: whether the logs of decisions go along, a Parquet file each, with the ids of the data where the folder
            has them.

    Raises:
        SettingsError: something is there already, or logs are asked for and none were kept.
        DataError: the folder holds no study, or something in it is damaged.
    """
    zipped = to.suffix == ".zip"
    if to.exists() and (zipped or not to.is_dir() or any(to.iterdir())):
        raise SettingsError(f"{to}: is there already; name a new {'file' if zipped else 'folder'}")
    if not zipped:
        with whole_folder(to) as inside:
            return _fill(results, inside, forms, logs=logs)
    if not to.parent.is_dir():
        raise SettingsError(f"{to}: no folder {to.parent}; make it first")
    with tempfile.TemporaryDirectory(prefix="serendip-") as made:
        inside = Path(made) / to.stem
        inside.mkdir()
        names = _fill(results, inside, forms, logs=logs)
        with whole_file(to) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path for path in inside.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(file.relative_to(made).as_posix(), _SAME_DAY)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return names


@contextmanager
def whole_folder(path: Path) -> Generator[Path]:
    """Yield a fresh folder beside `path`, to be filled; afterwards it takes the place of `path`, all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):  # of one that was killed
        remove(left)
    made = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    made.mkdir()
    try:
        yield made
        made.replace(path)
    except BaseException:
        remove(made)
        raise
    sync_folder(path.parent)


def _fill(results: Path, to: Path, forms: Forms, *, logs: bool) -> list[str]:
    """Write what can be sent into the folder `to`."""
    found = read_results(results)
    shutil.copyfile(results / STUDY, to / STUDY)
    shutil.copytree(results / "world", to / "world")
    kept = [name for name in NAMES if (results / name).is_file()]
    for name in kept:
        shutil.copyfile(results / name, to / name)
    written = _logs(results, to / "logs", found.agents, found.seeds) if logs else []
    return [*write(results, found, forms, to), STUDY, "world/", *kept, *written]


def _logs(results: Path, to: Path, agents: tuple[str, ...], seeds: tuple[int, ...]) -> list[str]:
    """Write each log that was kept as one Parquet file."""
    there = [(agent, seed, unit_folder(results, seed, agent) / "log") for seed in seeds for agent in agents]
    there = [found for found in there if (found[2] / "meta.json").is_file()]
    if not there:
        raise SettingsError(f"{results}: keeps no log; run with --logged-seeds 1 or more")
    to.mkdir()
    ids, names = _ids(results / "items.csv"), list[str]()
    for agent, seed, log in there:
        name = f"{read_agent(agent).folder}-seed-{seed:03d}.parquet"
        table = pa.concat_tables([pq.read_table(part.absolute()) for part in open_log(log).parts])
        if ids is not None:
            table = table.append_column("item", ids.take(table["item_id"].combine_chunks()))
        with whole_file(to / name) as temporary:
            pq.write_table(table, temporary.absolute(), compression="zstd")
        names.append(f"logs/{name}")
    return names


def _ids(file: Path) -> Any:
    """Return what the data call each item, by its row; None where the folder does not say."""
    if not file.is_file():
        return None
    with file.open(encoding="utf-8", newline="") as text:
        return pa.array([row["item"] for row in csv.DictReader(text)])
