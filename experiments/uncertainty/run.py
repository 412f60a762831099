"""The protocol at work: tuned, frozen, compared, cell by cell, world by world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import run_pieces
from serendip.experiments.uncertainty.cells import Cell, Row
from serendip.experiments.uncertainty.choosing import chosen_values, fresh_cells, tuning_cells
from serendip.experiments.uncertainty.contrasts import contrasts
from serendip.experiments.uncertainty.declaration import Declaration, departures, mark, read_declaration
from serendip.experiments.uncertainty.table import read_rows, write_rows
from serendip.experiments.uncertainty.words import table_of_contrasts

TABLE = "cells.csv"


def run_protocol(
    out: Path,
    console: Console,
    *,
    worlds: Sequence[str] = (),
    agents: Sequence[str] = (),
    users: int | None = None,
    days: int | None = None,
    seeds: int | None = None,
    declaration: Path | None = None,
    jobs: int = 0,
    backend: str = "loky",
) -> dict[str, Any]:
    """Run what is missing of the declaration, or of the part of it that is named, and say what it answers.

    Args:
        out: folder of the results.
        console: where people read.
        worlds: only these worlds.
        agents: only these arms.
        users: how many each world has, instead of those declared.
        days: length of each run, instead of the one declared.
        seeds: how many of the fresh seeds.
        declaration: file of the declaration; the shipped one when left out.
        jobs: lives side by side; 0: one for each core.
        backend: whose processes, `loky`, `ray` or `dask`.

    Raises:
        SettingsError: an arm or a world is not known, or `out` holds results of another declaration or size.
    """
    part = read_declaration(declaration).only(worlds, agents, users, days, seeds)
    rows = run(out, part, console, declaration=declaration, jobs=jobs, backend=backend)
    return report(out, part, rows, console, declaration)


def run(
    out: Path,
    part: Declaration,
    console: Console,
    *,
    declaration: Path | None = None,
    jobs: int = 0,
    backend: str = "loky",
) -> list[Row]:
    """Run what is missing of `part` in the folder `out`, a world after the other, and return all rows.

    The table is written after each world.  After a kill the same command goes on; other worlds, arms and seeds are
    added to those there.  What the table of `out` has of these worlds as they are now is not lived again, so that a
    table that was kept can be gone on from.

    Args:
        out: folder of the results.
        part: what of the declaration is run.
        console: where progress is told.
        declaration: file of the declaration; the shipped one when left out.
        jobs: lives side by side; 0: one for each core.
        backend: whose processes, `loky`, `ray` or `dask`.

    Raises:
        SettingsError: a world is not known, or `out` holds results of another declaration or size.
    """
    plan = {"users": part.users, "days": part.days}
    claim = Claim(
        "uncertainty.json", "run uncertainty", plan, inputs={"declaration": mark(declaration)}, beside=(TABLE,)
    )
    with claimed(out, claim):
        found, table = dict[str, Row](), out / TABLE
        _keep(found, read_rows(table, mark(declaration)) if table.exists() else ())

        def live(cells: Sequence[Cell]) -> None:
            missing = [cell for cell in cells if not cell.is_row(found.get(cell.key), part)]
            run_pieces([cell.piece(out, part) for cell in missing], jobs, console, "days", backend)
            _keep(found, [cell.row(out, part) for cell in missing])

        for world in part.worlds:
            live(tuning_cells(part, world))
            live(fresh_cells(part, world, chosen_values(part, found.values(), world)))
            write_rows(table, found.values(), mark(declaration))
    return list(found.values())


def _keep(found: dict[str, Row], rows: Sequence[Row]) -> None:
    """Add rows to those found, each once: several worlds may be tuned in one."""
    for row in rows:
        found[row.key] = row


def report(
    out: Path, part: Declaration, rows: Sequence[Row], console: Console, declaration: Path | None = None
) -> dict[str, Any]:
    """Print the contrasts, and in what the run departs from the declaration; return both as plain values.

    Args:
        out: folder of the results.
        part: what was run.
        rows: what was found.
        console: where it is printed.
        declaration: file of the declaration; the shipped one when left out.
    """
    declared = read_declaration(declaration)
    left = departures(declared, part)
    found = contrasts(part, rows)
    console.print(table_of_contrasts(found), soft_wrap=True)
    if left:
        console.print("not what was declared, so that it explores and does not confirm: " + "; ".join(left))
    console.print(f"in {out}: {TABLE} (a row a life)")
    return {"departures": left, "contrasts": [asdict(one) for one in found]}
