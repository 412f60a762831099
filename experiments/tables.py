"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import DataRow, TableFormat, tabulate


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return a table in Markdown whose first `left` columns are aligned to the left, the others to the right.

    What would end a cell is escaped.
    """
    rule = "| " + " | ".join("---" if column < left else "---:" for column in range(len(headings))) + " |"
    row = DataRow("| ", " | ", " |")

    def below_headings(widths: object, aligns: object) -> str:
        return rule

    kind = TableFormat(
        lineabove=None,
        linebelowheader=below_headings,  # pyright: ignore[reportArgumentType]
        linebetweenrows=None,
        linebelow=None,
        headerrow=row,
        datarow=row,
        padding=0,
        with_header_hide=None,
    )
    cells = [[_cell(text) for text in line] for line in rows]
    table = tabulate(cells, [_cell(text) for text in headings], kind, stralign=None, disable_numparse=True)
    return table + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
