"""Named experiments.  A study is one file here and one line in `STUDIES`."""

from __future__ import annotations

import pkgutil

from serendip.experiments.online.study import Study
from serendip.simulator.errors import SettingsError

STUDIES = {
    "discovery": "serendip.experiments.online.studies.discovery:DISCOVERY",
}


def find_study(name: str) -> Study:
    """Return the study called `name`; a SettingsError lists the known ones."""
    if name not in STUDIES:
        raise SettingsError(f"unknown study {name!r}; known studies: {', '.join(STUDIES)}")
    return pkgutil.resolve_name(STUDIES[name])
