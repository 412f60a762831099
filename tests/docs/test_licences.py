"""What is pinned is pinned by the hash of every file, and its licence is listed; `make hashes` writes both anew."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def plain(name: str) -> str:
    """Return the name of a package as indexes compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(name: str) -> dict[str, tuple[str, int]]:
    """Return the version and the number of hashes of each package that a file pins."""
    whole = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    words = [line.split() for line in whole.splitlines() if "==" in line and not line.startswith("#")]
    return {
        plain(first.partition("==")[0]): (first.partition("==")[2], sum(w.startswith("--hash=sha256:") for w in rest))
        for first, *rest in words
    }


def test_every_file_of_what_is_pinned_has_its_hash() -> None:
    hashed, exact = pins("requirements-hashed.txt"), pins("constraints.txt")
    assert len(hashed) > 100
    assert [name for name, (_, n_hashes) in hashed.items() if not n_hashes] == []
    wanted = {name: version for name, (version, _) in exact.items() if name != "wheel"}
    assert {name: hashed.get(name, ("missing", 0))[0] for name in wanted} == wanted, "run `make hashes`"


def test_the_licence_of_what_is_pinned_is_listed() -> None:
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    listed = {plain(name): version for name, version, licence in rows[1:] if licence}
    hashed = {name: version for name, (version, _) in pins("requirements-hashed.txt").items()}
    assert hashed.items() <= listed.items(), "run `make hashes`"
