"""How many threads linear algebra takes: one, where results must be the same bytes on every machine."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def stay_on_one_thread() -> None:
    """Let this process compute on one thread, unless the environment says otherwise; call it before NumPy is imported.

    A sum split over threads is rounded in another order, and small products are slower on many threads than on one.
    """
    for name in THREADS:
        os.environ.setdefault(name, "1")


@contextmanager
def one_thread_each() -> Generator[None]:
    """Let processes started meanwhile compute on one thread; they inherit it before they load a BLAS."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
