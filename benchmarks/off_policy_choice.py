"""What it costs to let the data choose: `python benchmarks/off_policy_choice.py [LOGS]`.

On seven kinds of logs, the root mean squared error and the coverage of single estimators and of the recommended one;
and the error of a clip of IPS, a switch and shrinkage of DR that SLOPE tunes, with intervals of one standard error on
each side and with the published ones.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from serendip.experiments.offline.judging import slope
from serendip.experiments.offline.judging.recommendation import recommend
from serendip.experiments.offline.judging.tuning import rungs
from serendip.experiments.offline.slots import Slots
from serendip.experiments.offline.valuation import Method, Valuation

KINDS = (  # slots, actions, concentration of the logging policy and of the target, exploration, click rate, model error
    (2000, 50, 0.3, 0.3, 0.05, 1.0, 0.5),
    (2000, 50, 1.0, 1.0, 0.2, 1.0, 0.1),
    (2000, 1000, 0.4, 0.4, 0.05, 0.1, 0.3),
    (20000, 200, 0.3, 0.1, 0.01, 1.0, 0.3),
    (500, 20, 0.5, 0.5, 0.05, 1.0, 0.5),
    (5000, 20, 2.0, 2.0, 0.3, 0.05, 0.3),
    (5000, 100, 0.3, 0.3, 0.1, 0.2, 0.9),
)
TUNED, WIDTHS = ("clipped_ips", "switch_dr", "dr_os"), (1.0, 3.92)
NAMES = ("ips", "snips", "dr", "sndr", "switch_dr", "dr_os")


def a_log(rng: np.random.Generator, kind: Sequence[float]) -> tuple[Slots, float]:
    """Return a log of that kind, each slot a user, with a model that is off, and the value of its target."""
    n, n_actions, of_logging, of_target, explored, level, off = kind
    n, n_actions = int(n), int(n_actions)
    logging = rng.dirichlet(np.full(n_actions, of_logging)) * (1.0 - explored) + explored / n_actions
    target = rng.dirichlet(np.full(n_actions, of_target))
    rate = rng.uniform(0.1, 0.9, n_actions) * level
    item = rng.choice(n_actions, n, p=logging)
    reward = (rng.random(n) < rate[item]).astype(float)
    model = np.clip(rate * rng.uniform(1.0 - off, 1.0 + off, n_actions), 0.0, 1.0)
    columns = reward, logging[item], target[item], model[item], np.full(n, target @ model)
    return Slots(np.arange(n), *columns), float(target @ rate)


def of_one(rng: np.random.Generator, kind: Sequence[float], seed: int) -> tuple[list[float], list[bool]]:
    """Return the errors of the estimates, of the recommended one and of what is tuned, and which intervals covered."""
    slots, truth = a_log(rng, kind)
    clip = float(kind[0]) ** 0.5
    ladders = [rungs(name, clip) for name in TUNED]
    candidates = [rung for ladder in ladders for rung in ladder]
    method = Method((*NAMES, *candidates), {"clip": clip}, seed=seed, n_replicates=100, rows_are_users=True)
    valuation = Valuation(method)
    valuation.update(slots)
    valued = valuation.finish()
    assert valued is not None
    found = valued.estimates((0.0, 1.0))
    name, _ = recommend({n: found[n] for n in NAMES}, None)
    assert name is not None
    shown = [found[n] for n in (*NAMES, name)]
    tuned = list[float]()
    for ladder in ladders:
        values = [float(found[rung].value or 0.0) for rung in ladder]
        errors = [float(found[rung].standard_error or 0.0) for rung in ladder]
        tuned += [values[slope.choose(values, [width * e for e in errors])] for width in WIDTHS]
    off = [value - truth for value in (*(float(e.value or 0.0) for e in shown), *tuned)]
    return off, [e.low is not None and e.high is not None and e.low <= truth <= e.high for e in shown]


def main(n_logs: int) -> None:
    """Print what was found of each kind of log."""
    titles = [*NAMES, "recommended", *(f"{name} tuned at {width:g} se" for name in TUNED for width in WIDTHS)]
    for kind in KINDS:
        rng = np.random.default_rng(5)
        off, covered = zip(*(of_one(rng, kind, seed) for seed in range(n_logs)), strict=True)
        errors, shares = np.sqrt(np.mean(np.square(off), axis=0)), np.mean(covered, axis=0)
        print(kind)
        for k, title in enumerate(titles):
            print(f"  {title:28} {errors[k]:.4f}" + (f"  {shares[k]:.0%}" if k < len(shares) else ""), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
