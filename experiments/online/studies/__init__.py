"""Named experiments.  A study is one file here, which ends with its card, and one line in `STUDIES`."""

from __future__ import annotations

from dataclasses import dataclass

from serendip.experiments.online.study import Study
from serendip.simulator.cards import Card, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCard(Card):
    """The card of a study; its `settings` are the study itself."""


STUDIES = Registry(
    "study",
    StudyCard,
    {
        "discovery": "serendip.experiments.online.studies.discovery:CARD",
    },
)


def find_study(name: str) -> Study:
    """Return the study called `name`, or the one whose card is at `file.py:CARD` or `package.module:CARD`.

    Raises:
        SettingsError: there is no such study; the known ones are listed.
    """
    outside = ":" in name and not STUDIES.known(name)
    return (STUDIES.admit(name) if outside else STUDIES.card(name)).settings
