"""Every claim has its command, and every command exists; every page with results has a claim."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from serendip.experiments.cli.parsing import parse

ROW = re.compile(
    r"^\| (?P<claim>[^|]+) \| `(?P<command>[^`]+)` \| \[[^\]]*\]\((?P<page>[\w-]+\.md)\) \|$", re.MULTILINE
)
PLACE = Path(__file__).parents[2]
CLAIMS = [match.groupdict() for match in ROW.finditer((PLACE / "docs/claims.md").read_text(encoding="utf-8"))]
FOUND_OUT = (
    "beliefs",
    "bandits",
    "benchmarks",
    "choice-agents",
    "discovery",
    "models",
    "mutants",
    "off-policy",
    "worlds",
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["claim"][:60])
def test_its_command_exists(root: Path, claim: dict[str, str]) -> None:
    name, *words = shlex.split(claim["command"])
    if name == "serendip":
        assert parse(words) is not None
    elif name == "make":
        assert f"\n{words[0]}: " in (root / "Makefile").read_text()
    elif name == "python":
        assert (root / words[0]).is_file()
    else:
        assert name == "pytest"
        path, _, test = words[-1].partition("::")
        assert f"def {test}" in (root / path).read_text(encoding="utf-8")
        assert ("-m" in words) == ("(slow" in claim["claim"])


def test_every_row_is_a_claim_with_a_command() -> None:
    text = (PLACE / "docs/claims.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| claim", "| ---"))]
    assert len(rows) == len(CLAIMS) >= 25


def test_every_page_with_results_has_its_claims() -> None:
    assert {f"{name}.md" for name in FOUND_OUT} <= {claim["page"] for claim in CLAIMS}
