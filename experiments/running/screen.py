"""Text on a terminal, where nothing that comes from a file, a name or a flag can do more than be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

LONGEST = 500  # characters of a message
_CROWDED = 1.3  # of the width of a terminal: what a table may fill before its cells are cut to pieces
_END = 120  # of them, at the end of one that is cut
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return `text` with a question mark for each character that would steer a terminal or cannot be written."""
    return _UNSEEN.sub("?", text)


def print_markdown(console: Console, text: str) -> None:
    """Print Markdown: as tables on a terminal that is wide enough, as it is on others and where it is piped or kept."""
    if not console.is_terminal or max(map(len, text.splitlines()), default=0) > _CROWDED * console.width:
        console.print(text, soft_wrap=True)
        return
    from rich.markdown import Markdown

    console.print(Markdown(text))


def one_line(message: str, longest: int = LONGEST) -> str:
    """Return `message` on one line, printable, and where it is longer than `longest` without its middle."""
    line = printable(" ".join(message.split()))
    if len(line) <= longest:
        return line
    return f"{line[: longest - _END - 5]} ... {line[-_END:]}"


class Screen(Console):
    """A console that prints strings as they are: no markup, no emoji codes, nothing that steers the terminal."""

    def __init__(self, **options: Any) -> None:
        own: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
        super().__init__(**own | options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is to be printed; styles are rich's own, the text is made printable."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
