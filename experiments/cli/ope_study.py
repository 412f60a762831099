"""`serendip ope-study`: how far estimators and their intervals can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from serendip.experiments.cli.flags import WHOLE_NUMBER, Backend, Jobs, JsonFile, shown


@dataclass(frozen=True)
class OpeStudy:
    """Value policies from many simulated logs whose truth is known, by every estimator with every interval.

    With --gauntlet: evaluate the logs of named situations as anybody's tables, and score what is said of them. With
    --activity: from logs of simulated worlds, say what other policies would make of users' visits, and run these
    policies. What was found is kept in the results folder in pieces; the same command goes on where it was stopped.
    """

    gauntlet: bool = False
    """Measure what the words reliable, weak and invalid are worth, in each of the named situations."""

    activity: bool = False
    """Measure what is said of activity over a horizon, in worlds like the twin and in others (an hour or more)."""

    situations: Annotated[tuple[str, ...], shown("NAME")] = ()
    """Only these situations of the gauntlet (serendip list situations); all when left out."""

    worlds: Annotated[tuple[str, ...], shown("NAME")] = ()
    """Worlds of --activity; the study's own when left out."""

    loggers: Annotated[tuple[str, ...], shown("AGENT")] = ()
    """Agents that write the logs of --activity; the study's own when left out."""

    targets: Annotated[tuple[str, ...], shown("AGENT")] = ()
    """Agents that are valued and ranked from these logs, each as NAME or NAME:SETTING=VALUE,...; the study's own when
    left out."""

    logs: Annotated[int | None, WHOLE_NUMBER, shown("N", "(20, 200 in the gauntlet, 2 of activity, when left out)")] = (
        None
    )
    """Logs for each setting (fewer where one takes long), for each situation, or for each world and logger."""

    seed: int = 0
    """Seed of the logs of the gauntlet, or the first seed of the worlds of --activity."""

    out: Annotated[Path | None, shown("DIR", "(in results/: ope-study, gauntlet or activity-study)")] = None
    """Folder for what was found in each log, the tables and the figure."""

    jobs: Jobs = None
    """Logs worked on side by side, each on one core; it changes no result."""

    backend: Backend = "loky"
    """Whose processes: of this machine, or of a cluster of Ray or Dask (see docs/scale.md)."""

    json: JsonFile = None
    """Write all scores as JSON to this file, or to stdout with `-` (and nothing else there)."""

    def execute(self) -> None:
        """Run what is missing and print the table."""
        from serendip.experiments.running.threads import stay_on_one_thread
        from serendip.simulator.errors import SettingsError

        stay_on_one_thread()
        if self.gauntlet and self.activity:
            raise SettingsError("--gauntlet and --activity are two studies; run one after the other")
        if not self.gauntlet and (self.situations or (self.seed and not self.activity)):
            raise SettingsError("situations and a seed are the gauntlet's; say --gauntlet too")
        if not self.activity and (self.worlds or self.loggers or self.targets):
            raise SettingsError("worlds, loggers and targets are those of --activity; say --activity too")
        if self.activity:
            self._activity(self.out or Path("results/activity-study"))
        elif self.gauntlet:
            self._gauntlet(self.out or Path("results/gauntlet"))
        else:
            self._study(self.out or Path("results/ope-study"))

    def _study(self, out: Path) -> None:
        import dataclasses

        from serendip.experiments.cli.output import STDOUT, console_for, say, say_markdown, write
        from serendip.experiments.figures.ope_study import draw
        from serendip.experiments.figures.style import save
        from serendip.experiments.ope_study.study import intervals_table, markdown, run
        from serendip.simulator.files import write_whole

        console = console_for(self.json)
        scores = run(out, self.logs or 20, console, self.jobs or 0, self.backend)
        values = [dataclasses.asdict(score) for score in scores]
        write(values, out / "scores.json")
        table = markdown(scores)
        write_whole(out / "table.md", table)
        write_whole(out / "intervals.md", intervals_table(scores, "log size", 1000))
        save(draw(scores), out / "study.png")
        if self.json != STDOUT:
            say("Each entry: bias, root mean squared error (both relative), coverage of 95%, rank correlation.\n")
            say_markdown(console, table)
        write(values, self.json)
        console.print(f"in {out}: table.md, intervals.md (one setting, every interval), scores.json, study.png")

    def _activity(self, out: Path) -> None:
        from serendip.experiments.cli.output import STDOUT, console_for, say, write
        from serendip.experiments.figures.activity_study import draw
        from serendip.experiments.figures.style import save
        from serendip.experiments.ope_study.activity.run import plan, run, scored

        console = console_for(self.json)
        cases = run(
            out, plan(self.logs or 2, self.seed, self.worlds, self.loggers, self.targets), console, self.jobs or 0
        )
        values, text = scored(cases, out)
        save(draw(cases), out / "activity-study.png")
        if self.json != STDOUT:
            say(text)
        write(values, self.json)
        console.print(
            f"in {out}: table.md, activity.csv (a row a target and horizon), ranking.csv (what each estimator says, and"
            " what is true), scores.json, activity-study.png"
        )

    def _gauntlet(self, out: Path) -> None:
        import dataclasses
        from functools import partial

        from serendip.experiments.cli.output import STDOUT, console_for, say, say_markdown, write
        from serendip.experiments.figures.gauntlet import draw
        from serendip.experiments.figures.style import save
        from serendip.experiments.ope_study.gauntlet.run import run
        from serendip.experiments.ope_study.gauntlet.scores import beside_snips, pooled, rows, summaries
        from serendip.experiments.ope_study.gauntlet.table import in_words, markdown, write_csv
        from serendip.experiments.running.counting import counted
        from serendip.simulator.files import write_whole

        console = console_for(self.json)
        with counted("logs") as at:
            found = run(out, self.situations, self.logs or 200, self.seed, partial(at, "logs"))
        scores, each = summaries(found), rows(found)
        words = in_words({half: pooled(scores, half) for half in ("learned", "shown", None)})
        values = {"situations": [dataclasses.asdict(s) for s in scores], "rows": [dataclasses.asdict(r) for r in each]}
        write(values, out / "scores.json")
        write_csv(each, out / "gauntlet.csv")
        write_csv(beside_snips(found), out / "estimates.csv")
        write_whole(out / "table.md", markdown(scores) + "\n" + words)
        save(draw(scores), out / "gauntlet.png")
        if self.json != STDOUT:
            say_markdown(console, markdown(scores))
            say(words)
        write(values, self.json)
        console.print(
            f"in {out}: table.md, gauntlet.csv (a row a verdict and recommended estimate), estimates.csv (a row an"
            " estimate, beside SNIPS), scores.json, gauntlet.png"
        )
