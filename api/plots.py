"""Figures of a study, from Python."""

from __future__ import annotations

from typing import Any

from serendip.simulator.errors import SettingsError


class Plots:
    """Figures of a study: `plot.activity()` returns a Matplotlib figure, `plot.activity(ax=ax)` draws on one's own."""

    def __init__(self, results: Any) -> None:
        self._results = results

    def activity(self, ax: Any = None, *, group: str = "low") -> Any:
        """Draw daily active users.

        Args:
            ax: axes to draw one group on; a figure of all groups when left out.
            group: the activity group that is drawn on `ax`: `low`, `middle` or `high`.
        """
        if ax is None:
            return self._figure("activity")
        from serendip.experiments.figures.style import band, colours, smooth
        from serendip.simulator.population import ACTIVITY_GROUPS

        if group not in ACTIVITY_GROUPS:
            raise SettingsError(f"group is {group!r}; allowed is one of {', '.join(ACTIVITY_GROUPS)}")
        found, colour = self._results, colours(self._results.agents)
        for agent in found.agents:
            band(ax, smooth(found.daily(agent, "visitors", ACTIVITY_GROUPS.index(group))), colour[agent])
            ax.lines[-1].set_label(agent)
        ax.set(xlabel="day", ylabel=f"users of the {group}-activity third who visit that day")
        ax.legend(frameon=False)
        return ax

    def __getattr__(self, name: str) -> Any:
        from serendip.experiments.figures import FIGURES

        if name.startswith("_") or not FIGURES.known(name.replace("_", "-")):
            raise AttributeError(f"no figure {name!r}; figures: {', '.join(FIGURES.names())}")
        return lambda: self._figure(name.replace("_", "-"))

    def _figure(self, name: str) -> Any:
        from serendip.experiments.figures import FIGURES

        return FIGURES.card(name).make(self._results)
