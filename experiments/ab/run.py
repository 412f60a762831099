"""A/B tests of a design over many worlds, kept piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console

from serendip.experiments import tables
from serendip.experiments.ab.designs import DESIGNS, PERIOD, design_named
from serendip.experiments.ab.scores import Score, scored, switchback_differences
from serendip.experiments.ab.trial import Setting, alone, together
from serendip.experiments.online.agents import parse_agent, read_agent
from serendip.experiments.running.folder import Claim, claimed
from serendip.experiments.running.pieces import Piece, run_pieces
from serendip.experiments.running.pool import Tell
from serendip.experiments.uncertainty.words import lift
from serendip.simulator.errors import SettingsError
from serendip.simulator.interface import Floats
from serendip.simulator.settings_json import read_json, write_json


def run(
    out: Path,
    designs: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    setting: Setting,
    worlds: int,
    console: Console,
    jobs: int = 0,
) -> list[Score]:
    """Return the score of each design for each pair, running the tests that `out` does not have yet.

    Args:
        out: folder of the results.
        designs: names of designs; all when empty.
        pairs: agents A and B of each comparison.
        setting: where tests are run.
        worlds: how many for each.
        console: where progress is told.
        jobs: tests side by side; 0: one for each core.

    Raises:
        SettingsError: a design or an agent is not known, worlds are fewer than three, or `out` holds something else.
    """
    chosen = [design_named(name) for name in dict.fromkeys(designs or DESIGNS)]
    for agent in {agent for pair in pairs for agent in pair}:
        parse_agent(agent)
    if worlds < 3:
        raise SettingsError(f"worlds is {worlds}; allowed is 3 or more, for an interval")
    with claimed(out, Claim("ab.json", "ab", asdict(setting))):
        made = _Tests(out, setting)
        seeds = range(worlds)
        agents = dict.fromkeys(agent for pair in pairs for agent in pair)
        pieces = [made.alone(agent, seed) for agent in agents for seed in seeds]
        pieces += [made.test(d.name, pair, seed) for d in chosen for pair in pairs for seed in seeds]
        run_pieces(pieces, jobs, console, "tests")
        return [scored(d.name, p, made.truths(p, seeds), made.found(d.name, p, seeds)) for p in pairs for d in chosen]


class _Tests:
    """The tests that a folder holds, or will hold."""

    def __init__(self, out: Path, setting: Setting) -> None:
        self._out, self._setting = out, setting

    def alone(self, agent: str, seed: int) -> Piece:
        """Return the life of an agent that has the world to itself."""
        make = partial(_write_alone, self._setting, agent, seed)
        return self._piece(self._out / "alone" / read_agent(agent).folder, seed, make)

    def test(self, design: str, pair: tuple[str, str], seed: int) -> Piece:
        """Return a test of two agents."""
        both = " against ".join(read_agent(agent).folder for agent in pair)
        make = partial(_write_test, self._setting, design, pair, seed)
        return self._piece(self._out / "tests" / design / both, seed, make)

    def truths(self, pair: tuple[str, str], seeds: range) -> Floats:
        """Return (worlds, days) B - A of worlds apart."""
        a, b = (np.array([read_json(self.alone(agent, seed).path) for seed in seeds]) for agent in pair)
        return b - a

    def found(self, design: str, pair: tuple[str, str], seeds: range) -> Floats:
        """Return (worlds, days) B - A within a world."""
        both = [read_json(self.test(design, pair, seed).path) for seed in seeds]
        if DESIGNS[design].unit == "week":
            return np.stack([switchback_differences(_numbers(one), PERIOD) for one in both])
        return np.stack([np.subtract(*_numbers(one)[::-1]) for one in both])

    def _piece(self, folder: Path, seed: int, make: partial[None]) -> Piece:
        return Piece(folder / f"{seed:04d}.json", "", 1, asdict(self._setting) | {"seed": seed}, make)


def _numbers(both: list[list[float | None]]) -> list[Floats]:
    return [np.array([np.nan if value is None else value for value in one], dtype=np.float64) for one in both]


def _write_alone(setting: Setting, agent: str, seed: int, at: Path, tell: Tell) -> None:
    write_json(at, alone(setting, agent, seed))
    tell(1)


def _write_test(setting: Setting, design: str, pair: tuple[str, str], seed: int, at: Path, tell: Tell) -> None:
    both = together(setting, design_named(design), pair, seed)
    write_json(at, [[None if value != value else value for value in one] for one in both])
    tell(1)


def markdown(found: Sequence[Score]) -> str:
    """Return a table: a row a comparison and design."""
    head = ["A", "B", "design", "truth", "estimate", "bias", "wrong sign", "by chance", "right after", "worlds"]
    return tables.markdown(head, [_line(one) for one in found], left=3)


def _line(s: Score) -> list[str]:
    lifts = [lift(value, 3) for value in (s.truth, s.estimate, s.bias)]
    days = "never" if s.right_after is None else f"{s.right_after} days"
    return [s.a, s.b, s.design, *lifts, f"{s.wrong:.0%}", f"{s.chance:.0%}", days, str(s.worlds)]
