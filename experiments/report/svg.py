"""Matplotlib figures as SVG within a page: text stays text, colours follow light and dark, numbers are short."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from serendip.experiments.figures.colours import PALETTE

_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "serendip",
    "text.parse_math": False,
    "font.family": "sans-serif",
}
_NUMBER = re.compile(r"-?\d+\.\d+")
_INK = {  # colours of figures, and the page's variable that takes their place
    "#000000": "ink",
    "#333333": "ink",
    "#444444": "soft",
    "#555555": "soft",
    "#9a9a9a": "faint",
    "#b0b0b0": "faint",
    "#bbbbbb": "faint",
    "#e6e6e6": "rule",
    "#ffffff": "paper",
    "white": "paper",
}
_AGENTS = {colour.lower(): f"agent-{index}" for index, colour in enumerate(PALETTE)}


def inline_svg(draw: Callable[[], Any], name: str, label: str) -> Markup:
    """Return the figure that `draw()` returns as an `<svg>` element.

    Args:
        draw: makes a Matplotlib figure.
        name: of the figure, in front of its ids, so that those of two figures on a page differ.
        label: its text alternative.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context(_RC):
        draw().savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = _short(_own_ids(_themed(text), name))
    opening = re.compile(r"<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>", re.DOTALL)
    found = opening.search(text)
    assert found is not None
    head = f'<svg viewBox="{found.group(1)}" role="img" aria-label="{html.escape(label)}">'
    return Markup(head + text[found.end() :].strip())


def themed_colours() -> str:
    """Return the style sheet's variables of the agents' colours, for light and for dark paper."""
    light = "".join(f"--{name}:{colour};" for colour, name in _AGENTS.items())
    dark = "".join(f"--{name}:{_lighter(colour)};" for colour, name in _AGENTS.items())
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def colour_variable(colour: str) -> str:
    """Return how a style names the colour of an agent, whatever the paper."""
    name = _AGENTS.get(colour.lower()) or _INK.get(colour.lower())
    return colour if name is None else f"var(--{name})"


def _lighter(colour: str, share: float = 0.4) -> str:
    """Return a colour mixed with white, so that it can be read on dark paper."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + share * (255 - part)):02x}" for part in parts)


def _themed(text: str) -> str:
    """Return the SVG with its colours as the page's variables; text without a colour of its own has the ink's."""
    text = re.sub(
        r"(stroke|fill): (#[0-9a-f]{6}|white)", lambda m: f"{m.group(1)}: {colour_variable(m.group(2))}", text
    )
    return re.sub(r'<text style="(?![^"]*fill:)', '<text style="fill: var(--ink); ', text)


def _own_ids(text: str, name: str) -> str:
    """Return the SVG without ids that nothing refers to, and with `name` in front of the others."""
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m.group(1)}"' if m.group(1) in used else "", text)
    return re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', text.replace("url(#", f"url(#{name}-"))


def _relative(path: str) -> str:
    """Return a path of lines in steps from point to point, in tenths, which takes a third of the room."""
    steps, here = list[str](), (0, 0)
    for kind, *numbers in re.findall(r"([MLz]) ?(?:(\S+) (\S+))?", path):
        if kind == "z":
            steps.append("z")
            continue
        there = (round(10 * float(numbers[0])), round(10 * float(numbers[1])))
        if kind == "M":
            steps.append(f"M{_tenths(there[0])} {_tenths(there[1])}l")
        else:
            steps.append(f"{_tenths(there[0] - here[0])} {_tenths(there[1] - here[1])} ")
        here = there
    return "".join(steps).replace(" z", "z").rstrip(" l")


def _tenths(number: int) -> str:
    return f"{number / 10:.1f}".removesuffix(".0")


def _short(text: str) -> str:
    """Return the SVG with coordinates of one decimal and without blank lines."""

    def rounded(match: re.Match[str]) -> str:
        return re.sub(r"\s+", " ", _NUMBER.sub(lambda m: f"{float(m.group(0)):.1f}".removesuffix(".0"), match.group(0)))

    text = re.sub(r' d="([ML0-9 .z\n-]*)"', lambda m: f' d="{_relative(m.group(1))}"', text)
    text = re.sub(r' (?:d|points|transform|x|y|width|height)="[^"]*"', rounded, text)
    return re.sub(r"\n\s*", "\n", text)
