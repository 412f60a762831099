"""The last fit of a model in a process of its own, so that its memory is its own too."""

from __future__ import annotations

import os
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import current_process
from typing import Any

import numpy as np

from serendip.agents.models import build
from serendip.agents.models.memory import MemoryNeedError, peak_bytes, reset_peak
from serendip.agents.models.model import Interactions, Model
from serendip.experiments.benchmark.metrics import TUNED_ON, Matrix, evaluate
from serendip.experiments.benchmark.splits import Part, Split
from serendip.experiments.running.parent import stay_with
from serendip.experiments.running.parts import Carried, carried, take

Cost = dict[str, float]
_JUDGES = 2000


def fitted(name: str, settings: dict[str, Any], train: Any, validation: Part) -> tuple[Model, Cost]:
    """Return the model called `name` learned from `train`, and what that cost.

    Models that are learned in epochs stop by at most 2,000 of the users of `validation`, spread evenly over its rows.
    The cost is `seconds`, `learned_mb` (what the model keeps) and `peak_mb`: the most that this process has held while
    learning, beyond what it held before; 0 where the system does not count.

    Args:
        name: name of the model.
        settings: settings of the model, by name.
        train: interactions that it learns from.
        validation: users by whom models that are learned in epochs stop.
    """
    n_users = validation.known.shape[0]
    some = np.unique(np.linspace(0, n_users - 1, min(n_users, _JUDGES)).astype(np.int64))
    judges = Part(validation.known[some], validation.asked[some])
    model = build(name, settings)
    before = reset_peak()
    start = time.perf_counter()
    model.fit(Interactions(train, judge=lambda model: float(evaluate(model, judges)[TUNED_ON].mean())))
    seconds = time.perf_counter() - start
    peak = max(0, peak_bytes() - before)
    learned = sum(value.nbytes for value in model.arrays().values())
    return model, {"seconds": seconds, "learned_mb": learned / 1e6, "peak_mb": peak / 1e6}


def fitted_alone(name: str, settings: dict[str, Any], parts: Split) -> tuple[Cost, dict[str, Matrix]]:
    """Return the cost of `fitted`, and the metrics of the test users of `parts`, from a fresh process.

    Only there is the peak of the memory the model's: a process that has fitted before takes again what it gave back.
    A worker of Dask may start no process, and does it itself.

    Raises:
        MemoryNeedError: the system ended the process.
    """
    from joblib.externals.loky.backend.context import get_context
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    if current_process().daemon:
        return _fit_and_evaluate(name, settings, parts, carried())
    context: Any = get_context("loky")  # which runs nothing of the script that asks again
    with ProcessPoolExecutor(1, context=context, initializer=stay_with, initargs=(os.getpid(),)) as pool:
        try:
            return pool.submit(_fit_and_evaluate, name, settings, parts, carried()).result()
        except BrokenProcessPool as error:
            raise MemoryNeedError(
                f"the process that fitted {name} was ended by the system, as it does where memory runs out; free some, "
                "or leave the model out"
            ) from error


def _fit_and_evaluate(
    name: str, settings: dict[str, Any], parts: Split, outside: Carried
) -> tuple[Cost, dict[str, Matrix]]:
    take(outside)
    model, cost = fitted(name, settings, parts.train, parts.validation)
    return cost, evaluate(model, parts.test)
