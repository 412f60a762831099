"""Tables in Markdown, by hand."""

from __future__ import annotations

from serendip.experiments.tables import markdown


def test_a_table_by_hand() -> None:
    assert markdown(["a", "b"], [["x", "1,000"], ["", "-0"]]) == "| a | b |\n| --- | ---: |\n| x | 1,000 |\n|  | -0 |\n"


def test_what_would_end_a_cell_or_a_row_is_escaped() -> None:
    assert markdown(["a", "b"], [["x|y\nz", "1"]], left=2).splitlines()[1:] == ["| --- | --- |", "| x\\|y z | 1 |"]
