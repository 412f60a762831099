"""What a page consists of, and how it becomes one file of HTML that needs nothing else.

All text is escaped, wherever it comes from; only what `inline_svg` drew goes in as it is.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from serendip.experiments.report.svg import themed_colours
from serendip.simulator.files import write_whole

Tone = Literal["good", "doubtful", "bad"]
_FOLDER = Path(__file__).parent / "page"


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure.

    Attributes:
        svg: the figure, from `inline_svg`.
        words: what it shows, in words, for those who do not see it.
        reading: how to read it.
    """

    svg: Markup
    words: str
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what stands in it.
        order: number by which a column is sorted; the text itself where it is None.
        colour: the dot in front of the text has it, as a style names it, or none.
        strong: whether it is bold.
    """

    text: str
    order: float | None = None
    colour: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that can be sorted by each column."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: a title, then paragraphs, points, figures and tables, each of which may be missing.

    Attributes:
        title: what the section is about.
        text: paragraphs.
        points: a list.
        pictures: figures.
        grids: tables.
        word: a verdict, or none.
        tone: whether the verdict is good news.
        folded: whether it is closed until somebody opens it.
    """

    title: str
    text: Sequence[str] = ()
    points: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    grids: Sequence[Grid] = ()
    word: str = ""
    tone: Tone = "doubtful"
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A report.

    Attributes:
        title: what the page is about.
        question: what was asked.
        answer: the answer, in two sentences.
        word: its verdict in a word or two.
        tone: whether the verdict is good news.
        sections: the rest.
        made_by: version, commands and checksums: name and value.
    """

    title: str
    question: str
    answer: str
    word: str
    tone: Tone
    sections: Sequence[Section] = ()
    made_by: Sequence[tuple[str, str]] = field(default=())


def render(page: Page) -> str:
    """Return the page as HTML: one file, without a reference to any other."""
    style = Markup((_FOLDER / "page.css").read_text(encoding="utf-8") + themed_colours())
    script = Markup((_FOLDER / "sort.js").read_text(encoding="utf-8"))
    return _templates().get_template("page.html").render(page=page, style=style, script=script)


def write_page(page: Page, path: Path) -> Path:
    """Write the page to `path`, all or nothing; return it."""
    write_whole(path, render(page))
    return path


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
