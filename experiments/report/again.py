"""The flags that ask for a study again, as a file for `serendip run --config`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from serendip.experiments.online.agents import read_agent
from serendip.experiments.online.study import Study

CONFIG = "study.toml"
_FLAGS = ("world", "agents", "seeds", "first_seed", "days", "logged_seeds", "save_agents")


def flags_of(study: Study) -> str:
    """Return the text of a TOML file whose flags ask for `study` again.

    Code of one's own is left out, and named in a comment: it runs only where a person names it.
    """
    values: dict[str, Any] = {name: value for name, value in asdict(study).items() if name in _FLAGS}
    own = [agent for agent in study.agents if ":" in read_agent(agent).name]
    lines = ["# serendip run --config study.toml asks for this study again"]
    if own:
        lines.append(
            f"# code of one's own is named on the command line: --agents {' '.join(map(_shown, study.agents))}"
        )
        del values["agents"]
    lines.append(f"study = {_toml(study.name)}")
    return "\n".join([*lines, *(f"{name} = {_toml(values[name])}" for name in _FLAGS if name in values)]) + "\n"


def _toml(value: Any) -> str:
    """Return a text, a number, a truth or a list of texts as TOML writes them."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"  # pyright: ignore[reportUnknownArgumentType]
    return json.dumps(value, ensure_ascii=False)


def _shown(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
