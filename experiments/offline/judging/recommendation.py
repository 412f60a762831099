"""Which estimate to go by, and why: one that is right whenever the propensities are, never for being narrow alone."""

from __future__ import annotations

from collections.abc import Mapping

from serendip.experiments.offline.estimators import card_of
from serendip.experiments.offline.intervals.estimate import Estimate
from serendip.experiments.offline.valuation import Valued

_INSTEAD = {  # of SNIPS, where less noisy
    "sndr": "the reward model helps, and corrected it is right whatever it says",
    "balanced_snips": "weights under the mixture of the loggers are less noisy",
}
_OTHERS = ("dr", "mrdr", "balanced_ips", "ips")  # where neither SNIPS nor self-normalised DR was asked for
_HELPED = 0.97  # standard error of DR, as a share of that of SNIPS, from which on the reward model helps
_TOO_GOOD = 0.5  # below this share the model knows more than a model can: the log's own rewards
_AGREE = 3.0  # standard errors of their difference

_MANY_SLATES = 30.0  # effective slates from which on whole slates can be weighed
_OFF = 3.0, 0.1  # standard errors and distance of a mean weight from 1 beyond which its estimate is not gone by


def slates_hold(valued: Valued, slate_size: int) -> bool:
    """Return whether whole slates can be weighed: their mean weight is 1, and enough are left in effect."""
    return _near_one(valued, "slate_snips") and valued.weighed["slate_snips"][2] / slate_size >= _MANY_SLATES


def _near_one(valued: Valued, name: str) -> bool:
    """Return whether the weights of an estimate are 1 on average, as far as can be seen."""
    if name not in valued.weighed:
        return False
    mean, error, _ = valued.weighed[name]
    return abs(mean - 1.0) <= max(_OFF[0] * error, 1e-9) and abs(mean - 1.0) <= _OFF[1] + error


def recommend(estimates: Mapping[str, Estimate], valued: Valued | None, slates: bool = False) -> tuple[str | None, str]:
    """Return the estimator to go by, or None, and a sentence that says why.

    All candidates are consistent if the propensities are right, so that none is preferred for a bias that makes it
    narrow: what bends weights down, or rests on a reward model or on topics alone (clips, shrinkage, DM, MIPS), takes
    no part.  Whole slates are weighed wherever they can be, for slots stand for themselves only where items do not
    compete.  Else it is SNIPS, or what is less noisy and agrees with it: self-normalised DR, or in a log of several
    loggers the weights under all of them.

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
    if "snips" not in known or ("sndr" not in known and "balanced_snips" not in known):
        name = next((name for name in ("snips", "sndr", *_OTHERS) if name in known), None)
        if name is None:
            return None, "No estimate is recommended: all that were asked for rest on what cannot be seen in the log."
        return name, f"Go by {_said(name, known)}: of those asked for it takes least for granted."
    doubts = {name: _doubt(name, known, valued) for name in _INSTEAD if name in known}
    better = [name for name, doubt in doubts.items() if not doubt]
    if not better:
        return "snips", f"Go by {_said('snips', known)}: {' and '.join(doubts.values())}."
    best = min(better, key=lambda name: known[name].standard_error or 0.0)
    return best, f"Go by {_said(best, known)}: {_INSTEAD[best]}."


def _doubt(name: str, known: Mapping[str, Estimate], valued: Valued | None) -> str:
    """Return why an estimate is not taken instead of SNIPS, or nothing."""
    what = "the reward model" if name == "sndr" else "the mixture of the loggers"
    own, helped = known["snips"].standard_error or 0.0, known[name].standard_error or 0.0
    if helped > _HELPED * own:
        return f"{what} helps little"
    if name == "sndr" and helped < _TOO_GOOD * own:
        return "the reward model knows the log's own rewards, as if it had been trained on them"
    if name == "balanced_snips" and (valued is None or not _near_one(valued, name)):
        return "the mean weight under the mixture of the loggers is not 1"
    apart = None if valued is None else valued.differences.get((name, "snips"))
    if apart is not None and abs(apart[0]) > _AGREE * apart[1]:
        if name == "sndr":
            return "the reward model does not expect of the target what it predicts of the log's slots"
        return "weights under the mixture of the loggers disagree with those of each"
    return ""


def _said(name: str, estimates: Mapping[str, Estimate]) -> str:
    return f"{card_of(name).said()}, standard error {estimates[name].standard_error:.2g}"
