"""`serendip doctor`: what is installed here, and what the machine has."""

from __future__ import annotations

from dataclasses import dataclass

EXTRAS = {
    "play": ("starlette", "uvicorn"),
    "boosting": ("sklearn",),
    "rl": ("stable_baselines3",),
    "cluster": ("ray", "dask"),
    "engines": ("narwhals", "duckdb", "polars"),
    "docs": ("sphinx", "myst_parser"),
}
NEEDED = ("numpy", "scipy", "torch", "gymnasium", "pyarrow", "matplotlib", "joblib", "numba")


@dataclass(frozen=True)
class Doctor:
    """Say what is installed, how many threads and how much memory there are, and which extras are missing."""

    def execute(self) -> None:
        """Look and print; nothing heavy is imported."""
        import importlib.metadata
        import importlib.util
        import os
        import platform
        import sys

        import serendip

        print(f"serendip {serendip.__version__}, Python {platform.python_version()}, {platform.platform()}")
        print(f"from {os.path.dirname(serendip.__file__ or '')}, {sys.executable}")
        for name in NEEDED:
            try:
                print(f"  {name:<12} {importlib.metadata.version(name)}")
            except importlib.metadata.PackageNotFoundError:
                print(f"  {name:<12} missing")
        print(f"processors: {os.cpu_count()}; threads asked for: {_threads() or 'as many as there are'}")
        print(f"memory: {_memory()}")
        for extra, modules in EXTRAS.items():
            missing = [module for module in modules if importlib.util.find_spec(module) is None]
            print(f"extra {extra:<9} {'installed' if not missing else 'missing: ' + ', '.join(missing)}")


def _threads() -> str:
    """Return the settings of threads that are made by environment variables."""
    import os

    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return ", ".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)


def _memory() -> str:
    """Return how much memory the machine has, where the system says so."""
    import os

    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return "unknown"
    return f"{pages * size / 2**30:.0f} GiB"
