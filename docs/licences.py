"""Writes docs/licences.md: every package that an installation with all extras can bring, its version and its licence.

    python docs/licences.py

Names and versions are those of requirements-hashed.txt; licences are what the installed packages say of themselves,
and for those that only other systems bring, what stands below.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
ELSEWHERE = {  # of Windows, of graphics cards, of later Pythons
    "cffi": "MIT",
    "colorama": "BSD-3-Clause",
    "cuda-bindings": "NVIDIA's own (proprietary)",
    "cuda-pathfinder": "Apache-2.0",
    "cuda-toolkit": "NVIDIA's own (proprietary)",
    "importlib-metadata": "Apache-2.0",
    "lazy-importer": "MIT",
    "pycparser": "BSD-3-Clause",
    "triton": "MIT",
    "zipp": "MIT",
}
HEAD = """# Licences

Serendip is under the MIT licence. This is what an installation with all extras can bring, on any system, and under
which licence, as each package says itself; `nvidia-*`, `cuda-*` and `triton` come with PyTorch's build for graphics
cards alone ([how to do without](installing.md)). Made by `make hashes`.

| package | version | licence |
| --- | --- | --- |
"""


def licence_of(found: Distribution) -> str:
    """Return the licence of an installed package in a few words."""
    said = found.metadata
    classified = [text.rpartition(" :: ")[2] for text in said.get_all("Classifier") or [] if "License" in text]
    first = (said.get("License-Expression") or "").strip()
    own = (said.get("License") or "").strip()
    short = own if own and len(own) < 60 and "\n" not in own else ""
    return first or short or ", ".join(classified) or "see the package"


def pinned(text: str) -> list[tuple[str, str]]:
    """Return the names and versions that a file of requirements pins."""
    return PINNED.findall(text)


def row(name: str, version: str) -> str:
    """Return a line of the table."""
    try:
        licence = licence_of(distribution(name))
    except PackageNotFoundError:
        licence = "NVIDIA's own (proprietary)" if name.startswith("nvidia-") else ELSEWHERE[name]
    return f"| {name} | {version} | {licence} |"


def main() -> None:
    """Write the page."""
    packages = pinned((ROOT / "requirements-hashed.txt").read_text(encoding="utf-8"))
    lines = "\n".join(row(name, version) for name, version in packages)
    (ROOT / "docs" / "licences.md").write_text(HEAD + lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
