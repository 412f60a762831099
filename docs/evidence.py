"""Make the tables and figures of docs/evidence.md and docs/ab-tests.md from the rows in docs/evidence/.

python docs/evidence.py                                  # from what is kept there
python docs/evidence.py results/uncertainty/cells.csv results/ab/ab.csv results/analyst/ranking.csv
                              # keeps these tables there first (several cells.csv of one size are put together)
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
from serendip.experiments.uncertainty.contrasts import contrasts
from serendip.experiments.uncertainty.declaration import mark, read_declaration
from serendip.experiments.uncertainty.page import blocks, done, filled
from serendip.experiments.uncertainty.table import read_rows, write_rows

HERE = Path(__file__).parent
CELLS = HERE / "evidence" / "uncertainty.csv"
KEPT = {name: HERE / "evidence" / name for name in ("ab.csv", "ranking.csv")}
PANELS = ("default", "null", "no-satisfaction", "quiet-personas", "no-satiation")


def main(kept: list[Path]) -> None:
    """Write the pages, and the figures beside them."""
    cells = [table for table in kept if table.name == "cells.csv"]
    if cells:
        write_rows(CELLS, dict.fromkeys(row for table in cells for row in read_rows(table, mark())), mark())
    for table in set(kept) - set(cells):
        shutil.copyfile(table, KEPT[table.name])
    declared, rows = read_declaration(), read_rows(CELLS, mark())
    made = blocks(declared, rows) | {"analyst": orders(read_values(KEPT["ranking.csv"]))}
    fill(HERE.parent / "README.md", {"short": made.pop("short")})
    fill(HERE / "evidence.md", made)
    part = done(declared, rows)
    save(draw_map(contrasts(part, rows)), HERE / "evidence-map.png")
    save(draw_forest(part, rows, [w for w in PANELS if w in part.worlds]), HERE / "evidence-lifts.png")
    scores = read_scores(KEPT["ab.csv"])
    fill(HERE / "ab-tests.md", {"ab": markdown(scores)})
    save(draw(scores), HERE / "ab-tests.png")


def fill(page: Path, made: dict[str, str]) -> None:
    """Write the blocks of a page anew."""
    page.write_text(filled(page.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main([Path(table) for table in sys.argv[1:]])
