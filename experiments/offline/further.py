"""Columns of a log that only some estimators need: what each is, and what a log must have for it."""

from __future__ import annotations

from dataclasses import dataclass

_REPLAYED = "a log of the uniform agent, or of an agent saved beside it that did not learn meanwhile"


@dataclass(frozen=True, slots=True)
class Further:
    """One further column.

    Attributes:
        lacking: what a log must have for it, in words that follow `needs`.
        weighs: what it is the weight of, in words, where its mean should be 1; empty for what is no weight.
        shown: what the log has too few of where that mean is far from 1.
        ratio: the two columns of a table that it is the ratio of; none where it is a column itself.
        below: whether the weight is the target's chance over it.
        of_logger: whether only the logging policy can tell it, so that an agent has to be asked.
        of_model: whether a reward model says it.
        of_time: whether it follows from the weights that came before, in the order of the rows.
    """

    lacking: str
    weighs: str = ""
    shown: str = "slates"
    ratio: tuple[str, str] | None = None
    below: bool = False
    of_logger: bool = False
    of_model: bool = False
    of_time: bool = False


FURTHER: dict[str, Further] = {
    "slate_weight": Further(
        "the probability of each whole slate (slate_propensity, and in a table slate_target)",
        weighs="weight of a slate",
        ratio=("slate_target", "slate_propensity"),
    ),
    "prefix_weight": Further(
        f"the chance of each slate down to the slot (prefix_propensity and prefix_target in a table; else {_REPLAYED})",
        weighs="weight of a slate down to a slot",
        ratio=("prefix_target", "prefix_propensity"),
        of_logger=True,
    ),
    "marginal_weight": Further(
        f"the logging policy's chance of each topic (topic_propensity and topic_target in a table; else {_REPLAYED})",
        weighs="weight of a topic",
        shown="topics",
        ratio=("topic_target", "topic_propensity"),
        of_logger=True,
    ),
    "pseudo_inverse_weight": Further(
        "the logging policy's chance of each pair of slots, which is known of the uniform agent",
        weighs="pseudo-inverse weight",
        shown="items",
        of_logger=True,
    ),
    "balanced_propensity": Further(
        "the propensity of what was shown under the mixture of all logging policies (a column balanced_propensity of a"
        " table); a log has that of the policy that chose",
        weighs="weight under the mixture of all loggers",
        shown="slots, or balanced_propensity is wrong",
        below=True,
    ),
    "predicted": Further(
        "the target's probability of every item, and a table has one a row; a table may have columns `predicted` and"
        " `expected` instead",
        of_model=True,
    ),
    "stability": Further("the order in which slots came, and one process to read them in it", of_time=True),
    "mrdr_predicted": Further("the target's chance of every item, so no column as target", of_model=True),
}
FURTHER["expected"] = FURTHER["predicted"]
FURTHER["mrdr_expected"] = FURTHER["mrdr_predicted"]
OF_TIME = tuple(name for name, further in FURTHER.items() if further.of_time)
OF_MODEL = tuple(name for name, further in FURTHER.items() if further.of_model)
WEIGHTS_OF_MORE = tuple(name for name, further in FURTHER.items() if further.weighs)  # than a slot, or of less


def of_logger(names: set[str]) -> bool:
    """Return whether any of the columns `names` can be told by the logging policy alone."""
    return any(FURTHER[name].of_logger for name in names if name in FURTHER)
