"""Ray and Dask: a cluster that the environment names, else a local one that lasts as long as the work.

The folder of results must be one that all workers see.  A worker that is lost costs what it was doing: another does it
again from its beginning, up to three times.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import secrets
import sys
import warnings
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from serendip.experiments.running.crews.crew import Crew, Job, attempt
from serendip.experiments.running.parts import Carried
from serendip.experiments.running.threads import ONE_THREAD
from serendip.simulator.errors import SettingsError

NEEDED = {"ray": "ray", "dask": "distributed"}
_AGAIN = 3  # times that a job is begun again
_TOPIC = "serendip: steps done"


@contextmanager
def cluster(backend: str, n_workers: int) -> Generator[Any]:
    """Have Ray (or Dask) running, and yield its module (or a client of its scheduler).

    A local one listens on this machine alone; that of Ray asks for a token too.

    Raises:
        SettingsError: it is not installed.
    """
    if importlib.util.find_spec(NEEDED[backend]) is None:
        raise SettingsError(f"--backend {backend} needs {NEEDED[backend]}; pip install '.[{backend}]'")
    with warnings.catch_warnings():  # both warn about matters of their own
        warnings.simplefilter("ignore")
        with _ray(n_workers) if backend == "ray" else _dask(n_workers) as found:
            if backend == "ray":
                importlib.import_module("ray.util.joblib").register_ray()  # Dask is known to joblib by itself
            yield found


@contextmanager
def _ray(n_workers: int) -> Generator[Any]:
    local = not os.environ.get("RAY_ADDRESS")
    if local and "ray" not in sys.modules:  # it looks at these when it is imported
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # or whoever reaches its ports could run code here
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        os.environ.setdefault("RAY_worker_niceness", "0")  # 15 by default: beside other work they would get no time
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # listen on this machine alone, on Linux too
    ray: Any = importlib.import_module("ray")
    if ray.is_initialized():
        yield ray
        return
    quiet = {"log_to_driver": False, "configure_logging": False}
    if local:
        quiet |= {"num_cpus": n_workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    ray.init(**quiet)
    try:
        yield ray
    finally:
        ray.shutdown()


@contextmanager
def _dask(n_workers: int) -> Generator[Any]:
    distributed: Any = importlib.import_module("distributed")
    dask: Any = importlib.import_module("dask")
    try:
        yield distributed.get_client()
        return
    except ValueError:  # no client here: make one
        pass
    if dask.config.get("scheduler-address", None):
        with distributed.Client() as client:
            yield client
        return
    local: dict[str, Any] = {
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "silence_logs": 50,
        "memory_limit": 0,
    }
    with (
        distributed.LocalCluster(n_workers=n_workers, threads_per_worker=1, **local) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


@contextmanager
def ray_crew(n_workers: int) -> Generator[Crew]:
    """Yield the workers of a Ray cluster, each on one thread."""
    with cluster("ray", n_workers) as ray:
        board = ray.remote(num_cpus=0)(_Board).remote()
        run = ray.remote(num_cpus=1, max_retries=_AGAIN, runtime_env={"env_vars": ONE_THREAD})(_run_on_ray)

        begun = list[Any]()

        def submit(job: Job, index: int, parts: Carried) -> Future[Any]:
            begun.append(run.remote(job, index, parts, board))
            return begun[-1].future()

        def end() -> None:
            for task in begun:
                ray.cancel(task, force=True)

        causes = ray.exceptions
        lost = (causes.WorkerCrashedError, causes.NodeDiedError, causes.OutOfMemoryError)
        yield Crew(submit, lambda: ray.get(board.take.remote()), end, lost)


@contextmanager
def dask_crew(n_workers: int) -> Generator[Crew]:
    """Yield the workers of a Dask cluster."""
    with cluster("dask", n_workers) as client:
        distributed: Any = importlib.import_module("distributed")
        said = _Board()
        client.subscribe_topic(_TOPIC, partial(_note, said))
        pool = client.get_executor(pure=False)

        def submit(job: Job, index: int, parts: Carried) -> Future[Any]:
            return pool.submit(_run_on_dask, job, index, parts)

        yield Crew(submit, said.take, lambda: pool.shutdown(wait=False), (distributed.KilledWorker,))


class _Board:
    """Where workers write how far they are."""

    def __init__(self) -> None:
        self._said = dict[int, int]()

    def put(self, index: int, done: int) -> None:
        self._said[index] = done

    def take(self) -> Iterable[tuple[int, int]]:
        said, self._said = self._said, {}
        return list(said.items())


def _note(said: _Board, event: tuple[float, tuple[int, int]]) -> None:
    """Write down what a worker of Dask said."""
    said.put(*event[1])


def _run_on_ray(job: Job, index: int, parts: Carried, board: Any) -> Exception | None:
    return attempt(job, parts, lambda done: board.put.remote(index, done))


def _run_on_dask(job: Job, index: int, parts: Carried) -> Exception | None:
    worker: Any = importlib.import_module("distributed").get_worker()
    return attempt(job, parts, lambda done: worker.log_event(_TOPIC, (index, done)))


CREWS: dict[str, Callable[[int], Any]] = {"ray": ray_crew, "dask": dask_crew}
