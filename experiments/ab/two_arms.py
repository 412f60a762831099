"""Two agents on one site: each chooses for its own users, and learns from what the design lets it see."""

from __future__ import annotations

import dataclasses

import numpy as np

from serendip.experiments.ab.designs import Division
from serendip.experiments.online.life import Player
from serendip.simulator.interface import Bools, Feedback, Slates, Visits


class TwoArms:
    """Plays agents A and B side by side, as a `Player`."""

    def __init__(self, a: Player, b: Player, division: Division) -> None:
        """Take in both agents.

        Args:
            a: agent of those who are not in B.
            b: agent of those who are.
            division: says who is.
        """
        self._agents, self._division = (a, b), division

    def act(self, visits: Visits, key: int) -> Slates:
        """Return a slate for each visit, chosen by the agent that its user has."""
        parts = list[tuple[Bools, Slates]]()
        in_b = self._division.in_b(visits.user_ids, visits.day)
        for agent, mine, items in zip(self._agents, (~in_b, in_b), self._items(), strict=True):
            if mine.any():
                own = visits.rows(mine)
                own = dataclasses.replace(own, available=own.available & items)
                parts.append((mine, agent.act(own, key)))
        return _together(parts, len(visits))

    def observe(self, visits: Visits, slates: Slates, feedback: Feedback) -> None:
        """Tell each agent of its own users, or of all where data are shared or nobody had an agent yet."""
        in_b = self._division.in_b(visits.user_ids, visits.day)
        for agent, mine in zip(self._agents, (~in_b, in_b), strict=True):
            if self._division.design.shared or visits.day < 0:
                agent.observe(visits, slates, feedback)
            elif mine.any():
                agent.observe(visits.rows(mine), _rows(slates, mine), Feedback(feedback.clicked[mine]))

    def update(self) -> None:
        """Let both learn."""
        for agent in self._agents:
            agent.update()

    def _items(self) -> tuple[Bools, Bools]:
        """Return (M,) which items each agent may show."""
        of_b = self._division.items_of_b
        return (~of_b, of_b) if self._division.design.corpus else (np.ones_like(of_b), np.ones_like(of_b))


def _rows(slates: Slates, rows: Bools) -> Slates:
    whole = None if slates.slate_propensities is None else slates.slate_propensities[rows]
    return Slates(slates.items[rows], slates.propensities[rows], whole, slates.explored[rows])


def _together(parts: list[tuple[Bools, Slates]], n: int) -> Slates:
    """Return the slates of all visits from those of each part; that of a whole slate is left out where one is."""
    length = parts[0][1].items.shape[1] if parts else 0
    items, propensities = np.empty((n, length), dtype=np.int64), np.empty((n, length))
    explored = np.zeros(n, dtype=bool)
    for rows, slates in parts:
        items[rows], propensities[rows], explored[rows] = slates.items, slates.propensities, slates.explored
    return Slates(items, propensities, None, explored)
