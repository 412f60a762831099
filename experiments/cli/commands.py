"""The subcommands there are.  Adding one is a file beside this one and a line here."""

from __future__ import annotations

from typing import Protocol

COMMANDS: dict[str, str] = {
    "run": "serendip.experiments.cli.run:Run",
    "plot": "serendip.experiments.cli.plot:Plot",
    "report": "serendip.experiments.cli.report:Report",
    "compare": "serendip.experiments.cli.compare:Compare",
    "export": "serendip.experiments.cli.export:Export",
    "evaluate": "serendip.experiments.cli.evaluate:Evaluate",
    "ope-study": "serendip.experiments.cli.ope_study:OpeStudy",
    "learn": "serendip.experiments.cli.learn:Learn",
    "audit": "serendip.experiments.cli.audit:AuditLog",
    "look": "serendip.experiments.cli.look:Look",
    "calibrate": "serendip.experiments.cli.calibrate:Calibrate",
    "benchmark": "serendip.experiments.cli.benchmark:Benchmark",
    "bandits": "serendip.experiments.cli.bandits:Bandits",
    "beliefs": "serendip.experiments.cli.beliefs:Beliefs",
    "ab": "serendip.experiments.cli.ab:Ab",
    "play": "serendip.experiments.cli.play:Play",
    "new": "serendip.experiments.cli.new:New",
    "doctor": "serendip.experiments.cli.doctor:Doctor",
    "list": "serendip.experiments.cli.list:Catalogue",
}


class Command(Protocol):
    """A subcommand: a frozen dataclass of its flags.

    Its file must be light to import, because `serendip --help` reads them all; the work is imported by `execute`.
    """

    def execute(self) -> None:
        """Do the work and print its result.

        Raises:
            SerendipError: what was given cannot work; the message is all that the user will see.
        """
        ...
