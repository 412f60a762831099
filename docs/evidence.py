"""Make the tables and figures of docs/evidence.md and docs/ab-tests.md from the rows in docs/evidence/.

python docs/evidence.py                                  # from what is kept there
python docs/evidence.py results/uncertainty/cells.csv results/ab/ab.csv results/analyst/ranking.csv
                              # keeps these tables there first (several cells.csv of one declaration are put together)
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from serendip.experiments.ab.run import markdown
from serendip.experiments.ab.table import read_scores
from serendip.experiments.figures.ab import draw
from serendip.experiments.figures.evidence import draw_forest, draw_map
from serendip.experiments.figures.style import save
from serendip.experiments.ope_study.activity.ranking import markdown as orders
from serendip.experiments.ope_study.activity.ranking import read_rows as read_values
from serendip.experiments.uncertainty.cells import Row
from serendip.experiments.uncertainty.contrasts import contrasts
from serendip.experiments.uncertainty.declaration import mark, read_declaration
from serendip.experiments.uncertainty.page import blocks, done, filled
from serendip.experiments.uncertainty.table import declared_in, read_rows, write_rows

HERE = Path(__file__).parent
CELLS = HERE / "evidence" / "uncertainty.csv"
LARGE = HERE / "evidence" / "large.csv"
OF_LARGE = HERE / "evidence" / "large.json"  # its declaration
KEPT = {name: HERE / "evidence" / name for name in ("ab.csv", "ranking.csv")}
PANELS = ("default", "null", "no-satisfaction", "quiet-personas", "no-satiation")


def main(kept: list[Path]) -> None:
    """Write the pages, and the figures beside them."""
    cells = [table for table in kept if table.name == "cells.csv"]
    keep([table for table in cells if declared_in(table) != mark(OF_LARGE)], CELLS, mark())
    keep([table for table in cells if declared_in(table) == mark(OF_LARGE)], LARGE, mark(OF_LARGE))
    for table in set(kept) - set(cells):
        shutil.copyfile(table, KEPT[table.name])
    declared, rows = read_declaration(), read_rows(CELLS, mark())
    large = blocks(read_declaration(OF_LARGE), read_rows(LARGE, mark(OF_LARGE)))
    made = blocks(declared, rows) | {
        "large": "\n".join(large[name] for name in ("departures", "map", "further", "arms")),
        "analyst": orders(read_values(KEPT["ranking.csv"])),
    }
    fill(HERE.parent / "README.md", {"short": made.pop("short")})
    fill(HERE / "evidence.md", made)
    part = done(declared, rows)
    save(draw_map(contrasts(part, rows)), HERE / "evidence-map.png")
    save(draw_forest(part, rows, [w for w in PANELS if w in part.worlds]), HERE / "evidence-lifts.png")
    scores = read_scores(KEPT["ab.csv"])
    fill(HERE / "ab-tests.md", {"ab": markdown(scores)})
    save(draw(scores), HERE / "ab-tests.png")


def keep(tables: list[Path], at: Path, declaration: str) -> None:
    """Write the rows of `tables` to `at`, each once; where there are no tables, what is there stays."""
    found = dict[str, Row]()
    for table in tables:
        found |= {row.key: row for row in read_rows(table, declaration)}
    if found:
        write_rows(at, found.values(), declaration)


def fill(page: Path, made: dict[str, str]) -> None:
    """Write the blocks of a page anew."""
    page.write_text(filled(page.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main([Path(table) for table in sys.argv[1:]])
