"""Named experiments.  A study is one file here, which ends with its card, and one line in `STUDIES`."""

from __future__ import annotations

from dataclasses import dataclass

from serendip.experiments.online.study import Study
from serendip.simulator.cards import Card, Registry
from serendip.simulator.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCard(Card):
    """The card of a study; its `settings` are the study itself.

    Attributes:
        protocol: lazy string of what runs it, where it is more than agents in one world; empty: it is not.
    """

    protocol: str = ""


STUDIES = Registry(
    "study",
    StudyCard,
    {
        "discovery": "serendip.experiments.online.studies.discovery:CARD",
        "uncertainty": "serendip.experiments.online.studies.uncertainty:CARD",
    },
)


def find_study(name: str) -> Study:
    """Return the study called `name`, or the one whose card is at `file.py:CARD` or `package.module:CARD`.

    Raises:
        SettingsError: there is no such study (the known ones are listed), or it is a protocol of many worlds.
    """
    outside = ":" in name and not STUDIES.known(name)
    card = STUDIES.admit(name) if outside else STUDIES.card(name)
    if card.protocol:
        raise SettingsError(f"the study {name!r} is of many worlds; run it on the command line: serendip run {name}")
    return card.settings


def protocol_of(name: str) -> str:
    """Return the lazy string of what runs the study called `name`; empty where it is agents in one world."""
    return STUDIES.card(name).protocol if STUDIES.known(name) else ""
