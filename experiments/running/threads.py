"""How many threads linear algebra takes: one, where results must be the same bytes on every machine."""

from __future__ import annotations

import os

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def stay_on_one_thread() -> None:
    """Let this process compute on one thread, unless the environment says otherwise; call it before NumPy is imported.

    A sum split over threads is rounded in another order, and small products are slower on many threads than on one.
    """
    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
