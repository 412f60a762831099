"""Write docs/reference.md: every public name of `serendip` with its signature and what its docstring says.

python docs/reference.py            # writes the page
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import serendip

PAGE = Path(__file__).with_name("reference.md")
HEAD = """# Reference

Every public name of `import serendip`, made from the code by `python docs/reference.py`. What a setting of a world, an
agent or a part means is said by `serendip list KIND NAME`; what a command takes, by `serendip COMMAND --help`.
"""


def page() -> str:
    """Return the page."""
    names = sorted((name for name in serendip.__all__ if not name.startswith("_")), key=str.lower)
    return "\n".join([HEAD, *(section(name, getattr(serendip, name)) for name in names)])


def section(name: str, found: Any) -> str:
    """Return what is to be said of one name."""
    lines = [f"## `serendip.{name}{signature(found)}`", "", text(found), ""]
    if inspect.isclass(found):
        for member, value in vars(found).items():
            if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                own = value.fget if isinstance(value, property) else value
                call = "" if isinstance(value, property) else signature(value)
                lines += [f"- **`{member}{call}`**: {summary(own)}"]
        lines.append("")
    return "\n".join(lines)


def signature(found: Any) -> str:
    """Return the signature without types that only the code's readers need."""
    try:
        shown = str(inspect.signature(found))
    except (TypeError, ValueError):
        return ""
    shown = re.sub(r"\(self(, )?", "(", shown)
    return re.sub(r"'([^']*)'", r"\1", re.sub(r"serendip\.[\w.]*\.", "", shown))


def summary(found: Any) -> str:
    """Return the first sentence of a docstring."""
    return (inspect.getdoc(found) or "").partition("\n\n")[0].replace("\n", " ")


def text(found: Any) -> str:
    """Return a docstring as Markdown: its parts as lists, its example as code."""
    lines, code = list[str](), False
    for line in (inspect.getdoc(found) or "").splitlines():
        if re.fullmatch(r"(Args|Raises|Returns|Attributes|Example):", line):
            lines += ["", f"*{line[:-1]}*", ""]
        elif line.strip().startswith(">>>") or (code and line.strip()):
            lines += [] if code else ["```python"]
            code = True
            lines.append(line.strip())
        elif re.match(r"    \w+: ", line):
            name, _, rest = line.strip().partition(": ")
            lines.append(f"- `{name}`: {rest}")
        else:
            lines.append(f"  {line.strip()}" if line.startswith("        ") else line.strip())
    if code:
        lines.append("```")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
