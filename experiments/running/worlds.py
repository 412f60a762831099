"""Checksums of worlds, so that results of one are never mixed with those of another."""

from __future__ import annotations

import tempfile
from pathlib import Path

from serendip.experiments.running.provenance import checksum
from serendip.simulator.settings import world_names
from serendip.simulator.world import make_world


def world_checksum(world: str) -> str:
    """Return the checksum of the folder that `World.save` makes of the world called `world`."""
    with tempfile.TemporaryDirectory() as folder:
        make_world(world, 0).save(Path(folder))
        return checksum(Path(folder))


def is_there(world: str) -> bool:
    """Return whether a world of that name can still be read."""
    return world in world_names() or Path(world).exists()
