"""Clips, switches and shrinkage chosen by SLOPE: a ladder of each is valued in one pass, and one rung is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from serendip.experiments.offline.estimators import card_of
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.judging import slope


def rungs(name: str, clip: float) -> list[str]:
    """Return the names of the candidates of a tuned estimator, from the least biased on; its own name without any."""
    tuned = card_of(name).tuned
    return [name] if tuned is None else [f"{name}@{tuned(c)!r}" for c in slope.ladder(clip)]


def with_rungs(names: Sequence[str], clip: float) -> tuple[str, ...]:
    """Return `names` with the candidates of each tuned estimator in its place."""
    return tuple(rung for name in names for rung in rungs(name, clip))


def settle(
    names: Sequence[str], estimates: Mapping[str, Estimate], clip: float
) -> tuple[dict[str, Estimate], dict[str, float], list[str]]:
    """Return the estimates under their own names, what SLOPE chose for each tuned one, and sentences on it."""
    found, chosen, notes = dict[str, Estimate](), dict[str, float](), list[str]()
    for name in names:
        if card_of(name).tuned is None:
            found[name] = estimates[name]
            continue
        ladder = rungs(name, clip)
        points = [(e.value, e.standard_error) for e in (estimates[rung] for rung in ladder)]
        values = [value for value, error in points if value is not None and error is not None]
        errors = [error for value, error in points if value is not None and error is not None]
        known = len(values) == len(ladder)
        taken = slope.choose(values, errors) if known else 0
        found[name] = estimates[ladder[taken]]
        if known:
            chosen[name] = float(ladder[taken].partition("@")[2])
    if chosen:
        words = ", ".join(f"{card_of(name).setting} {value:.3g} for {name}" for name, value in chosen.items())
        notes.append(f"SLOPE chose {words}; their intervals leave out the choice, and what bias it lets through.")
    return found, chosen, notes
