"""A process in which the libraries are loaded once; each run of tests is a fork of it, with one module changed.

Nothing is written to the source tree: the changed source is handed to the import system, so that a run that is killed
leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LIBRARIES = (
    "numpy", "scipy.sparse", "scipy.stats", "scipy.optimize", "scipy.special", "torch", "pyarrow.parquet", "joblib",
    "gymnasium", "rich.console", "tyro", "safetensors.numpy", "matplotlib.figure", "pytest", "hypothesis",
)  # fmt: skip
_ALREADY = "ignore::pytest.PytestAssertRewriteWarning"  # that a library was imported before pytest looked at it


def warm_up() -> None:
    """Import what all tests need and no mutant touches, as the tests' own settings have it."""
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


class _Changed(importlib.machinery.SourceFileLoader):
    """A loader that compiles another source than the file's."""

    source = ""

    def get_code(self, fullname: str) -> Any:
        """Return the code of the changed source; no cache is read or written."""
        return compile(self.source, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder:
    """Finds the one changed module before anyone else does."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        """Return the module's usual spec with the changed source for a loader."""
        if fullname != self.name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Changed(fullname, spec.origin)
        spec.loader.source = self.source
        return spec


def module_of(path: str) -> str:
    """Return the name under which the file at `path` is imported."""
    name = "serendip." + path.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def run_tests(arguments: Sequence[str], limit: float, change: tuple[str, str] | None = None) -> tuple[str, float]:
    """Return `passed`, `failed` or `timeout`, and the seconds that it took, from a fork of this process.

    Args:
        arguments: of pytest.
        limit: seconds after which it is stopped.
        change: the path of a module and its changed source.
    """
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        _tests_and_exit(arguments, change)
    while time.perf_counter() - start < limit:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            passed = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
            return "passed" if passed else "failed", time.perf_counter() - start
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "timeout", time.perf_counter() - start


def _tests_and_exit(arguments: Sequence[str], change: tuple[str, str] | None) -> None:
    """Run pytest in this process, a fork, and end it."""
    code = 3
    try:
        os.setsid()
        if "MUTANTS_SHOW" not in os.environ:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
        if change is not None:
            sys.meta_path.insert(0, _Finder(module_of(change[0]), change[1]))
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", _ALREADY, *arguments]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def digest_of(root: Path, arguments: Sequence[str]) -> str:
    """Return a hash of the test files among `arguments`, and of those beside them that they may lean on."""
    import hashlib

    found = hashlib.sha256(" ".join(arguments).encode())
    for argument in arguments:
        path = root / argument.split("::")[0]
        for file in sorted(path.rglob("*.py") if path.is_dir() else [path] if path.is_file() else []):
            found.update(file.read_bytes())
    return found.hexdigest()[:16]
