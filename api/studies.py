"""Agents against simulated users, and what came of it."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serendip.simulator.errors import SettingsError
from serendip.simulator.world import World
from serendip.tables import Table

_KEPT = list[Any]()  # temporary folders, which last as long as this process


class StudyResults:
    """What a study found.

    Attributes:
        folder: where it is written.
        agents: the agents, in order.
        seeds: the worlds that all agents have finished.
    """

    def __init__(self, folder: Path, asked: Any = None) -> None:
        from serendip.experiments.online.results import read_results

        self.folder = Path(folder)
        self._found = read_results(self.folder, asked)
        self.agents, self.seeds = self._found.agents, self._found.seeds

    @property
    def daily(self) -> Table:
        """One row for each agent, seed, day and activity group, with what was counted (users, visitors, clicks ...)."""
        from serendip.experiments.online.measures import COUNTS
        from serendip.simulator.population import ACTIVITY_GROUPS

        found, days, groups = self._found, self._found.study.days, len(ACTIVITY_GROUPS)
        each = len(self.seeds) * days * groups
        columns: dict[str, Any] = {
            "agent": np.repeat(np.array(self.agents), each).tolist(),
            "seed": np.tile(np.repeat(np.array(self.seeds), days * groups), len(self.agents)),
            "day": np.tile(np.repeat(np.arange(days), groups), len(self.agents) * len(self.seeds)),
            "group": list(ACTIVITY_GROUPS) * (len(self.agents) * len(self.seeds) * days),
        }
        for index, name in enumerate(COUNTS):
            columns[name] = np.concatenate([found.counts[agent][..., index].ravel() for agent in self.agents])
        return Table(columns)

    @property
    def summary(self) -> Table:
        """One row for each agent: the closing table, means over seeds."""
        from serendip.experiments.online.summary import summarise

        rows = summarise(self._found)
        columns: dict[str, Any] = {"agent": [row.agent for row in rows]}
        for name in (
            "low_visitors",
            "visitors",
            "early_click_rate",
            "late_click_rate",
            "clicks",
            "liked_known",
            "alive",
        ):
            columns[name] = [getattr(row, name).value for row in rows]
        return Table(columns | {"gap_closed": [row.gap_closed for row in rows]})

    def lifts(self, over: str | None = None) -> Table:
        """Return the lifts of all agents over one, paired over seeds, in the closing window.

        Args:
            over: the agent that they are measured over; the study's own reference when left out.

        Returns:
            agent, group (`low`: the low-activity third; `all`), lift in users a day with its 95% interval (none below
            three seeds), and for the low-activity third the p-value, by Holm for the number of agents.

        Raises:
            SettingsError: no such agent took part.
        """
        from serendip.experiments.online.summary import summarise

        found = self._found
        reference = found.study.reference_agent() if over is None else over
        if reference not in self.agents:
            raise SettingsError(f"{reference!r} did not take part; agents: {', '.join(self.agents)}")
        study = dataclasses.replace(found.study, reference=reference)
        rows = [row for row in summarise(dataclasses.replace(found, study=study)) if row.agent != reference]
        both = [(row, "low", row.low_lift, row.low_lift_p) for row in rows]
        both += [(row, "all", row.lift, None) for row in rows]
        return Table(
            {
                "agent": [row.agent for row, *_ in both],
                "group": [group for _, group, _, _ in both],
                "lift": [lift.value for _, _, lift, _ in both],
                "low": [lift.low for _, _, lift, _ in both],
                "high": [lift.high for _, _, lift, _ in both],
                "p": [p for *_, p in both],
            }
        )

    @property
    def plot(self) -> Plots:
        """Figures of these results."""
        return Plots(self._found)

    def log(self, agent: str, seed: int | None = None) -> Path:
        """Return the folder of the log of an agent under a seed, the first when left out.

        Raises:
            SettingsError: it was not kept; ask for it by `logged_seeds`.
        """
        from serendip.experiments.online.study import unit_folder

        path = unit_folder(self.folder, self.seeds[0] if seed is None else seed, agent) / "log"
        if not path.is_dir():
            raise SettingsError(f"{path}: no log was kept there; run with more logged_seeds")
        return path

    def __repr__(self) -> str:
        return f"StudyResults({', '.join(self.agents)}; {len(self.seeds)} seeds; {self.folder})"


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


def run(
    agents: Sequence[Any] = (),
    world: str | Path | World | None = None,
    *,
    study: str = "discovery",
    seeds: int | None = None,
    days: int | None = None,
    first_seed: int | None = None,
    logged_seeds: int | None = None,
    out: str | Path | None = None,
    jobs: int = 0,
    batch_size: int = 0,
    quiet: bool = False,
) -> StudyResults:
    """Let agents meet simulated users, and return what came of it.

    What is already in the folder is not run again, so that the same call goes on where it was stopped.

    Args:
        agents: names (with settings, as `ease-epsilon:epsilon=0.3`), classes or instances of one's own agents,
            `file.py:Class`, folders of saved agents; the study's own when left out.
        world: a world by name, its folder, or a `World`; the study's own when left out.
        study: which study (`serendip.list("studies")`).
        seeds: how many worlds are drawn; every agent meets the same ones.
        days: length of the experiment.
        first_seed: number of the first world.
        logged_seeds: worlds, from the first, whose decisions are kept as a log.
        out: folder of the results; one that lasts as long as this process when left out.
        jobs: runs side by side; 0: one for each core.
        batch_size: visits handled at a time; 0: all of a round.
        quiet: whether nothing is printed.

    Raises:
        SettingsError: an agent, the world or a setting cannot be, or the folder holds something else.

    Example:
        >>> import serendip
        >>> results = serendip.run(["uniform", "ease-greedy"], "tiny", seeds=1, days=3, jobs=1, quiet=True)
        >>> len(results.daily)
        18
    """
    from serendip.experiments.online.studies import find_study
    from serendip.experiments.online.study import run_study
    from serendip.experiments.running.screen import Screen

    texts = tuple(_named(agent) for agent in agents)
    given = {"agents": texts, "seeds": seeds, "days": days, "first_seed": first_seed, "logged_seeds": logged_seeds}
    wanted = dataclasses.replace(
        find_study(study), **{name: value for name, value in given.items() if value not in (None, ())}
    )
    if world is not None:
        wanted = dataclasses.replace(wanted, world=_where(world))
    folder = Path(_temporary() if out is None else out)
    run_study(wanted, folder, Screen(stderr=True, quiet=quiet), batch_size=batch_size, jobs=jobs)
    return StudyResults(folder, wanted)


def _named(agent: Any) -> str:
    """Return the text of an agent, which is admitted where it is one's own."""
    from serendip.agents import AGENTS
    from serendip.agents.own import card_of
    from serendip.experiments.online.agents import admit_agents

    if isinstance(agent, str | Path):
        admit_agents([str(agent)])
        return str(agent)
    return AGENTS.admit(card_of(agent, getattr(agent, "__name__", type(agent).__name__))).name


def _where(world: str | Path | World) -> str:
    """Return the name or the folder of a world, which is written to one if it has none."""
    if not isinstance(world, World):
        return str(world)
    folder = Path(_temporary()) / world.settings.name
    world.save(folder)
    return str(folder)


def _temporary() -> str:
    _KEPT.append(tempfile.TemporaryDirectory(prefix="serendip-"))
    return _KEPT[-1].name
