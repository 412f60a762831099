"""Figures of a study, from Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serendip.simulator.errors import SettingsError


class Plots:
    """Figures of a study: `plot.activity()` returns a Matplotlib figure, `plot.activity(ax=ax)` draws on one's own."""

    def __init__(self, results: Any) -> None:
        self._results = results

    def activity(self, ax: Any = None, *, group: str = "low") -> Any:
        """Draw daily active users; the other figures (`serendip.list("figures")`) are called in the same way.

        Args:
            ax: axes to draw one group on; a figure of its own when left out.
            group: the users that are drawn on `ax`: `low`, `middle`, `high`, or `all` where a figure has them.

        Raises:
            SettingsError: there is no such group, or the figure has no place on axes of one's own.
        """
        return self._draw("activity", ax, group)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from serendip.experiments.figures import FIGURES

        figure = name.replace("_", "-")
        if name.startswith("_") or not FIGURES.known(figure):
            raise AttributeError(f"no figure {name!r}; figures: {', '.join(FIGURES.names())}")

        def draw(ax: Any = None, *, group: str = "low") -> Any:
            return self._draw(figure, ax, group)

        return draw

    def _draw(self, name: str, ax: Any, group: str) -> Any:
        from serendip.experiments.figures import FIGURES
        from serendip.simulator.population import ACTIVITY_GROUPS

        card = FIGURES.card(name)
        if ax is None:
            return card.make(self._results)
        groups = {name: number for number, name in enumerate(ACTIVITY_GROUPS)} | (
            {} if name == "activity" else {"all": -1}
        )
        if group not in groups:
            raise SettingsError(f"group is {group!r}; allowed is one of {', '.join(groups)}")
        if card.panel is None:
            raise SettingsError(f"the figure {name} has several parts and cannot be drawn on one ax; leave ax out")
        card.panel(ax, self._results, groups[group])
        return ax
