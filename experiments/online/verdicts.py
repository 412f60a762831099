"""What a study's closing table says, in words: only what its bold numbers say too."""

from __future__ import annotations

from serendip.experiments.online.results import Results
from serendip.experiments.online.statistics import EXACT, FEWEST, LEVEL, clear, seeds_for_clarity, smallest_p_value
from serendip.experiments.online.summary import Row


def verdicts(results: Results, rows: list[Row]) -> list[str]:
    """Return in words which agents help low-activity users more than the reference does."""
    reference, n = results.study.reference_agent(), len(results.seeds)
    others = [row for row in rows if row.agent != reference]
    if not others:
        return []
    enough = seeds_for_clarity(len(others))
    if n < FEWEST:
        what = "one seed says" if n == 1 else f"{n} seeds say"
        return [
            f"{what} nothing of the spread between worlds; run with --seeds {FEWEST} or more for intervals, {enough} "
            "or more for a verdict"
        ]
    best = smallest_p_value(n, len(others))
    if best >= LEVEL:
        return [
            f"no verdict: with {n} seeds no difference to {reference} can be clear (the exact sign-flip test has p = "
            f"{best:.2g} at best, after Holm's correction for {len(others)}); run with --seeds {enough} or more"
        ]
    found: dict[str, list[str]] = {"more": [], "less": [], "no clear difference": []}
    for row in others:
        sure = clear(row.low_lift_p, row.low_lift)
        found["no clear difference" if not sure else "more" if row.low_lift.value > 0 else "less"].append(row.agent)
    test = "exact sign-flip test" if n <= EXACT else "Student's test"
    return [
        f"low-activity users, {how} than under {reference}: {', '.join(agents)}"
        if how != "no clear difference"
        else f"no clear difference to {reference}: {', '.join(agents)}"
        for how, agents in found.items()
        if agents
    ] + [f"(clear, and bold: paired over seeds, {test}, p < .05 after Holm's correction, and the interval excludes 0)"]
