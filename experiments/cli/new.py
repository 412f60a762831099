"""`serendip new`: a part of your own, as a file that works, with its test beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from serendip.experiments.cli.flags import shown

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class New:
    """Write a part of your own to begin with: a file that works, and its test."""

    kind: Annotated[Literal["agent", "dynamics", "estimator", "model", "study"], tyro.conf.Positional]
    """What it is."""

    name: Annotated[str, tyro.conf.Positional, shown("NAME")]
    """What it is called, in lower case, such as my_agent."""

    folder: Annotated[Path, shown("DIR")] = Path()
    """Where the files are written."""

    def execute(self) -> None:
        """Write the two files and say how to use them."""
        from serendip.simulator.errors import SettingsError
        from serendip.simulator.files import write_whole

        if not self.name.isidentifier() or not self.name.islower():
            raise SettingsError(f"{self.name!r}: a name is lower case letters, digits and _, such as my_{self.kind}")
        file, test = self.folder / f"{self.name}.py", self.folder / f"test_{self.name}.py"
        for path in (file, test):
            if path.exists():
                raise SettingsError(f"{path}: is there already; give another name")
        self.folder.mkdir(parents=True, exist_ok=True)
        words = {
            "name": self.name,
            "Name": "".join(part.capitalize() for part in self.name.split("_")),
            "module": self.name,
            "file": file.name,
        }
        for path, template in ((file, f"{self.kind}.txt"), (test, f"test_{self.kind}.txt")):
            write_whole(path, (_TEMPLATES / template).read_text(encoding="utf-8").format(**words))
        print(f"{file}: how to use it stands at its top")
        print(f"{test}: try it with `python -m pytest {test.name}`, in that folder")
