"""Where a study comes from: version, commands and checksums."""

from __future__ import annotations

from pathlib import Path

from serendip.experiments.online.results import Results
from serendip.experiments.online.study import STUDY, unit_folder
from serendip.experiments.report.page import Cell, Grid, Section
from serendip.experiments.running.folder import PROVENANCE, read_plan
from serendip.experiments.running.manifest import NAME as MANIFEST
from serendip.experiments.running.provenance import checksum


def manifests(out: Path, results: Results) -> Section:
    """Return the checksum of each unit's manifest, which holds those of all its files."""
    units = [(seed, agent) for seed in results.seeds for agent in results.agents]
    rows = [
        [Cell(agent), Cell(str(seed), seed), Cell(checksum(unit_folder(out, seed, agent) / MANIFEST))]
        for seed, agent in units
    ]
    grid = Grid(
        "SHA-256 of each run's manifest.json, which holds those of all its files.", ["agent", "seed", "SHA-256"], rows
    )
    return Section("Checksums of the runs", grids=[grid], folded=True)


def made_by(out: Path) -> list[tuple[str, str]]:
    """Return version, commands and checksums."""
    plan = read_plan(out / STUDY, "run")[PROVENANCE]
    return [
        ("version", str(plan["version"])),
        *(("command", str(command)) for command in plan["commands"]),
        (f"SHA-256 of {STUDY}", checksum(out / STUDY)),
        *((f"SHA-256 of the {name}", str(value)) for name, value in plan["inputs"].items()),
    ]
