"""Which estimate to go by, and why: one that is right whenever the propensities are, never for being narrow alone."""

from __future__ import annotations

from collections.abc import Mapping

from serendip.experiments.offline.estimators import card_of
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.valuation import Valued

_OTHERS = ("dr", "mrdr", "balanced_ips", "ips")  # where neither SNIPS nor self-normalised DR was asked for
_HELPED = 0.97  # standard error of DR, as a share of that of SNIPS, from which on the reward model helps
_TOO_GOOD = 0.5  # below this share the model knows more than a model can: the log's own rewards
_AGREE = 3.0  # standard errors of their difference

_MANY_SLATES = 30.0  # effective slates from which on whole slates can be weighed
_SLATES_OFF = 3.0, 0.1  # standard errors and distance of their mean weight from 1 beyond which they cannot


def slates_hold(valued: Valued, slate_size: int) -> bool:
    """Return whether whole slates can be weighed: their mean weight is 1, and enough are left in effect."""
    if valued.slates is None:
        return False
    mean, error, slots = valued.slates
    near = abs(mean - 1.0) <= max(_SLATES_OFF[0] * error, 1e-9) and abs(mean - 1.0) <= _SLATES_OFF[1] + error
    return near and slots / slate_size >= _MANY_SLATES


def recommend(estimates: Mapping[str, Estimate], valued: Valued | None, slates: bool = False) -> tuple[str | None, str]:
    """Return the estimator to go by, or None, and a sentence that says why.

    All candidates are consistent if the propensities are right, so that none is preferred for a bias that makes it
    narrow: what bends weights down, or rests on a reward model or on topics alone (clips, shrinkage, DM, MIPS), takes
    no part.  Whole slates are weighed wherever they can be, for slots stand for themselves only where items do not
    compete.  Else it is SNIPS, or self-normalised DR where its standard error is smaller and the two agree.

    Args:
        estimates: by name.
        valued: the sums behind them, or None.
        slates: whether whole slates can and need be weighed.
    """
    known = {name: e for name, e in estimates.items() if e.value is not None and e.standard_error is not None}
    if slates and "slate_snips" in known:
        return (
            "slate_snips",
            f"Go by {_said('slate_snips', known)}: it is right also where the items of a slate compete.",
        )
    if "snips" not in known or "sndr" not in known:
        name = next((name for name in ("snips", "sndr", *_OTHERS) if name in known), None)
        if name is None:
            return None, "No estimate is recommended: all that were asked for rest on what cannot be seen in the log."
        return name, f"Go by {_said(name, known)}: of those asked for it takes least for granted."
    doubt = _doubt(known["snips"], known["sndr"], valued)
    if doubt:
        return "snips", f"Go by {_said('snips', known)}: {doubt}."
    return "sndr", f"Go by {_said('sndr', known)}: the reward model helps, and corrected it is right whatever it says."


def _doubt(snips: Estimate, sndr: Estimate, valued: Valued | None) -> str:
    """Return why self-normalised DR is not taken, or nothing."""
    own, helped = snips.standard_error or 0.0, sndr.standard_error or 0.0
    if helped > _HELPED * own:
        return "the reward model helps little"
    if helped < _TOO_GOOD * own:
        return "the reward model knows the log's own rewards, as if it had been trained on them"
    apart = None if valued is None else valued.differences.get(("sndr", "snips"))
    if apart is not None and abs(apart[0]) > _AGREE * apart[1]:
        return "the reward model does not expect of the target what it predicts of the log's slots"
    return ""


def _said(name: str, estimates: Mapping[str, Estimate]) -> str:
    return f"{card_of(name).said()}, standard error {estimates[name].standard_error:.2g}"
