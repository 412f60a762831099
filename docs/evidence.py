"""Make the tables and figures of docs/evidence.md from the rows in docs/evidence/.

python docs/evidence.py                                  # from what is kept there
python docs/evidence.py results/uncertainty/cells.csv    # keeps that table there first
"""

from __future__ import annotations

import sys
from pathlib import Path

from serendip.experiments.figures.evidence import draw_forest, draw_map
from serendip.experiments.figures.style import save
from serendip.experiments.uncertainty.contrasts import contrasts
from serendip.experiments.uncertainty.declaration import mark, read_declaration
from serendip.experiments.uncertainty.page import blocks, done, filled
from serendip.experiments.uncertainty.table import read_rows, write_rows

HERE = Path(__file__).parent
TABLE, PAGE = HERE / "evidence" / "uncertainty.csv", HERE / "evidence.md"
PANELS = ("default", "quiet-personas", "no-satiation", "null")


def main(table: Path) -> None:
    """Write the page, and the figures beside it."""
    declared = read_declaration()
    rows = read_rows(table, mark())
    write_rows(TABLE, rows, mark())
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), blocks(declared, rows)), encoding="utf-8")
    part = done(declared, rows)
    save(draw_map(contrasts(part, rows)), HERE / "evidence-map.png")
    save(draw_forest(part, rows, [w for w in PANELS if w in part.worlds]), HERE / "evidence-lifts.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE)
