"""The pages of the evidence say what their tables say, under the declaration that is shipped."""

from __future__ import annotations

from pathlib import Path

from serendip.experiments.ab.run import markdown
from serendip.experiments.ab.table import read_scores
from serendip.experiments.ope_study.activity.ranking import markdown as orders
from serendip.experiments.ope_study.activity.ranking import read_rows as read_values
from serendip.experiments.uncertainty.declaration import mark, read_declaration
from serendip.experiments.uncertainty.page import blocks, filled
from serendip.experiments.uncertainty.table import read_rows


def test_the_page_is_made_of_its_rows(root: Path) -> None:
    rows = read_rows(root / "docs/evidence/uncertainty.csv", mark())
    made = blocks(read_declaration(), rows)
    declaration = root / "docs/evidence/large.json"
    large = blocks(read_declaration(declaration), read_rows(root / "docs/evidence/large.csv", mark(declaration)))
    made["large"] = "\n".join(large[name] for name in ("departures", "map", "further", "arms"))
    made["analyst"] = orders(read_values(root / "docs/evidence/ranking.csv"))
    short = {"short": made.pop("short")}
    for name, parts in (("docs/evidence.md", made), ("README.md", short)):
        page = (root / name).read_text(encoding="utf-8")
        assert filled(page, parts) == page


def test_the_page_on_tests_is_made_of_its_scores(root: Path) -> None:
    page = (root / "docs/ab-tests.md").read_text(encoding="utf-8")
    assert filled(page, {"ab": markdown(read_scores(root / "docs/evidence/ab.csv"))}) == page
