"""The tables of the evidence page, made from rows alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from serendip.experiments import tables
from serendip.experiments.online.statistics import LEVEL, mean_interval
from serendip.experiments.uncertainty.cells import Row
from serendip.experiments.uncertainty.choosing import FRESH, chosen_values
from serendip.experiments.uncertainty.contrasts import Answer, by_seed, contrasts, paired
from serendip.experiments.uncertainty.declaration import INFORMED, Arm, Declaration, departures
from serendip.experiments.uncertainty.power import power
from serendip.experiments.uncertainty.words import lift
from serendip.simulator.errors import DataError

GREED, REFERENCE, ORACLE, FIELD = "greed", "ease-greedy", "oracle-growth", "field-sized"
SHORT = ("reference", "greed", "true", "blind", "informed", "oracle")  # ten arms as declared
SWITCHES = ("default", "null", "no-satisfaction", "frozen")
FEW = 10.0  # users a day, below which tenths hide what differs
MAP = ("primary", "doubts", "variety", "population", "ceiling")
FURTHER = ("further", "caution", "activity", "growth", "growth-doubts")


def done(declared: Declaration, rows: Sequence[Row]) -> Declaration:
    """Return the part of the declaration that `rows` are of: its worlds, arms and seeds that were compared."""
    fresh = [row for row in rows if row.phase == FRESH]
    names, arms = {row.world for row in fresh}, {row.arm for row in fresh}
    seeds = {row.seed for row in fresh}
    part = declared.only(
        [world for world in declared.worlds if world in names] + sorted(names - set(declared.worlds)),
        [arm.name for arm in declared.arms if arm.name in arms],
        users=rows[0].users,
        days=rows[0].days,
    )
    return part.only(seeds=len([seed for seed in declared.fresh_seeds if seed in seeds]))


def blocks(declared: Declaration, rows: Sequence[Row]) -> dict[str, str]:
    """Return the tables and sentences of the page by name.

    Args:
        declared: the whole protocol.
        rows: what was found.
    """
    part = done(declared, rows)
    found = contrasts(part, rows)
    return {
        "departures": _departures(declared, part, rows),
        "map": _map(part, found, MAP),
        "further": _map(part, found, FURTHER),
        "arms": _arms(part, rows),
        "worlds": _worlds(part, rows),
        "short": _short(part, rows),
        "mechanisms": _mechanisms(part, rows),
        "values": _values(part, rows),
        "power": _power(part, rows, found),
    }


def _departures(declared: Declaration, part: Declaration, rows: Sequence[Row]) -> str:
    """Return what was run, and in what it is not what was declared."""
    hours = sum(row.seconds for row in rows) / 3600.0
    said = departures(declared, part) + _unfinished(part, rows)
    run = f"{len(rows):,} lives of {part.users:,} users and {part.days} days, {hours:.2f} hours of one core."
    if part.least_p() >= LEVEL:
        run += (
            f" **With {len(part.fresh_seeds)} seeds an exact test, corrected over {len(part.worlds)} worlds, is never"
            " clear, whatever the size: read intervals.**"
        )
    if not said:
        return f"{run} All that was declared.\n"
    return f"{run} **It departs from its declaration, so that it explores and does not confirm**: {'; '.join(said)}.\n"


def _unfinished(part: Declaration, rows: Sequence[Row]) -> list[str]:
    """Return in words which worlds have fewer fresh seeds, or fewer arms, than the others."""
    said = list[str]()
    for world in part.worlds:
        lived = {arm.name: len(by_seed(rows, world, arm.name)) for arm in part.arms}
        without = [arm.name for arm in part.arms if not lived[arm.name] and arm.agent != INFORMED]  # not in all worlds
        fewest = min(seeds for seeds in lived.values() if seeds)
        if fewest < len(part.fresh_seeds):
            said.append(f"{world} with {fewest} fresh seeds")
        if without:
            said.append(f"{world} without {', '.join(without)}")
    return said


def _map(part: Declaration, found: Sequence[Answer], names: Sequence[str]) -> str:
    """Return a row a world: what each contrast of those `names` comes to; bold where it is clear."""
    at = {(a.world, a.contrast): a for a in found}
    asked = [name for name in names if any(contrast == name for _, contrast in at)]
    if not asked:
        return ""
    lines = [
        [world, *(_entry(at.get((world, name))) for name in asked)]
        for world in part.worlds
        if any((world, name) in at for name in asked)
    ]
    return tables.markdown(["world", *asked], lines)


def _entry(answer: Answer | None) -> str:
    if answer is None:
        return ""
    mark = "**" if answer.clear else ""
    digits = 1 if answer.base >= FEW else 2
    return f"{mark}{lift(answer.difference, digits)}{mark} ({answer.plus} - {answer.minus})"


def _arms(part: Declaration, rows: Sequence[Row]) -> str:
    """Return a row an arm: low-activity users a day in `default`; lifts over EASE there, in `null` and in `frozen`."""
    worlds = [w for w in ("default", "null", "frozen") if any(r.world == w and r.phase == FRESH for r in rows)]
    lines = list[list[str]]()
    for arm in (arm for arm in part.arms if any(by_seed(rows, w, arm.name) for w in worlds)):
        means = [_one_digit(_mean(rows, worlds[0], arm, "low"))] if worlds else []
        lines.append([arm.name, arm.kind, *means, *(_lift_over(rows, w, arm.name) for w in worlds)])
    head = ["arm", "side", *[f"users a day, {w}" for w in worlds[:1]], *[f"over {REFERENCE}, {w}" for w in worlds]]
    return tables.markdown(head, lines, left=2)


def _worlds(part: Declaration, rows: Sequence[Row]) -> str:
    """Return a row an arm: its lift over greed on the same belief in each world, in percent of greed."""
    worlds = [w for w in part.worlds if by_seed(rows, w, GREED)]
    lines = list[list[str]]()
    for arm in part.arms:
        if arm.name != GREED and any(by_seed(rows, w, arm.name) for w in worlds):
            lines.append([arm.name, arm.kind, *(_over_greed(rows, w, arm.name) for w in worlds)])
    lines.insert(0, [GREED, "greed", *(f"{_named(rows, w, GREED, 'low'):.1f} a day" for w in worlds)])
    return tables.markdown(["arm", "side", *worlds], lines, left=2)


def _over_greed(rows: Sequence[Row], world: str, arm: str) -> str:
    """Return the paired lift over greed with its interval, in percent of greed."""
    base, differences = _named(rows, world, GREED, "low"), paired(rows, world, arm, GREED)
    if not len(differences) or not base > 0.0:
        return ""
    return lift(mean_interval(100.0 * differences / base)) + "%"


def _short(part: Declaration, rows: Sequence[Row]) -> str:
    """Return a row an arm of the main questions: users a day and lifts over EASE in `default`, `null` beside them."""
    worlds = [w for w in ("default", "null") if any(r.world == w and r.phase == FRESH for r in rows)]
    lines = [
        [
            arm.name,
            *(c for w in worlds for c in (_one_digit(_mean(rows, w, arm, "low")), _lift_over(rows, w, arm.name))),
        ]
        for arm in part.arms
        if arm.kind in SHORT and any(by_seed(rows, w, arm.name) for w in worlds)
    ]
    head = ["agent", *(c for w in worlds for c in (f"low-activity users a day, `{w}`", f"over `{REFERENCE}` [95%]"))]
    return tables.markdown(head, lines)


def _mechanisms(part: Declaration, rows: Sequence[Row]) -> str:
    """Return a row an arm: its lift with A and B switched, who came, when, and what of the catalogue was found."""
    worlds = [w for w in SWITCHES if any(r.world == w and r.phase == FRESH for r in rows)]
    if "default" not in worlds:
        return ""
    lines = list[list[str]]()
    for arm in (arm for arm in part.arms if by_seed(rows, "default", arm.name)):
        quarters = np.mean([r.quarters for r in by_seed(rows, "default", arm.name).values()], axis=0)
        rest = [_mean(rows, "default", arm, name) for name in ("stayed", "returned")]
        oracle, base = (_named(rows, "default", name, "low") for name in (ORACLE, REFERENCE))
        share = (_mean(rows, "default", arm, "low") - base) / (oracle - base)
        lines.append(
            [
                arm.name,
                *(_relative(rows, w, arm.name) for w in worlds),
                "" if np.isnan(share) else f"{share:.0%}",
                " / ".join(f"{q:.1f}" for q in quarters),
                *(f"{value:.1f}" for value in rest),
                f"{_mean(rows, 'default', arm, 'alive'):.0%}",
                f"{_mean(rows, 'default', arm, 'corpus'):.0f}",
            ]
        )
    head = [
        "arm",
        *[f"lift, {w}" for w in worlds],
        "oracle's lead",
        "by quarter",
        "stayed",
        "returned",
        "alive",
        "corpus",
    ]
    return tables.markdown(head, lines)


def _values(part: Declaration, rows: Sequence[Row]) -> str:
    """Return a row a tuned arm: the value that was best on the tuning seeds, by world."""
    worlds = [world for world in part.worlds if part.home(world) == world]
    chosen = {world: chosen_values(part, rows, world) for world in worlds}
    tuned = [arm for arm in part.arms if arm.setting]
    lines = [
        [arm.name, arm.setting or "", *(_number(chosen[world].get(arm.name)) for world in worlds)] for arm in tuned
    ]
    return tables.markdown(["arm", "setting", *worlds], lines, left=2)


def _power(part: Declaration, rows: Sequence[Row], found: Sequence[Answer]) -> str:
    """Return a row a length of test in the field-sized world: the lift by then, and the users that it needs."""
    best = max(
        (arm for arm in part.arms if arm.kind not in ("reference", "informed", "oracle")),
        key=lambda arm: np.nan_to_num(_mean(rows, FIELD, arm, "all"), nan=-1.0),
    )
    needs = power(rows, FIELD, best.name, REFERENCE)
    lines = [
        [str(p.days), f"{p.lift:+.2%}", f"{p.spread:.2f}", "never" if np.isinf(p.users) else f"{p.users:,.0f}"]
        for p in needs
    ]
    if not lines:
        return ""
    late = paired(rows, FIELD, best.name, REFERENCE, "all") / _named(rows, FIELD, REFERENCE, "all")
    said = f"`{best.name}` over `{REFERENCE}`, closing window, all users a day: {_percent(late)}.\n\n"
    head = ["days", "lift in days with a visit", "standard deviation, days", "users for 80% power"]
    return said + tables.markdown(head, lines)


def _one_digit(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.1f}"


def _percent(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    interval = mean_interval(100.0 * values)
    return lift(interval) + " percent"


def _mean(rows: Sequence[Row], world: str, arm: Arm, measure: str) -> float:
    return _named(rows, world, arm.name, measure)


def _named(rows: Sequence[Row], world: str, arm: str, measure: str) -> float:
    """Return the mean of a measure over the fresh seeds; NaN where there are none."""
    values = [float(getattr(row, measure)) for row in by_seed(rows, world, arm).values()]
    return float(np.mean(values)) if values else float("nan")


def _lift_over(rows: Sequence[Row], world: str, arm: str) -> str:
    differences = paired(rows, world, arm, REFERENCE)
    return "" if arm == REFERENCE or not len(differences) else lift(mean_interval(differences))


def _relative(rows: Sequence[Row], world: str, arm: str) -> str:
    """Return the lift over the reference in a world, in percent of the reference."""
    base = _named(rows, world, REFERENCE, "low")
    differences = paired(rows, world, arm, REFERENCE)
    return f"{differences.mean() / base:+.0%}" if len(differences) and base > 0.0 else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def filled(page: str, made: Mapping[str, str]) -> str:
    """Return `page` with what stands between `<!-- NAME -->` and `<!-- end -->` made anew.

    Raises:
        DataError: the page has no such place for a block.
    """
    for name, text in made.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not place.search(page):
            raise DataError(f"the page has no place for {name}: write <!-- {name} --> and <!-- end -->")
        page = place.sub(lambda found, text=text: f"{found[1]}{text}{found[2]}", page)
    return page
