"""From words on a command line to a subcommand at work, and from an error to one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from serendip.experiments.cli.limits import in_words
from serendip.experiments.cli.parsing import UsageError, parse
from serendip.experiments.cli.training_bar import training_bar
from serendip.experiments.cli.voice import speaking, voice_of
from serendip.experiments.running.provenance import commanded

INTERRUPTED, NOBODY_READS, WRONG_INPUT = 130, 141, 2  # 128 + SIGINT, 128 + SIGPIPE, as shells have it
TERMINATED = 143  # 128 + SIGTERM
TOO_LITTLE = 3


def run(arguments: Sequence[str]) -> int:
    """Parse `arguments`, run the subcommand they name and return the exit code of the process."""
    hear_terminations()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except Terminated:
        print("\nserendip: ended from outside; the same command goes on where it stopped", file=sys.stderr)
        return TERMINATED
    except KeyboardInterrupt:
        print("\nserendip: stopped; the same command goes on where it stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains again when it exits
        return NOBODY_READS


class Terminated(BaseException):
    """This process was asked to end, by SIGTERM."""


def hear_terminations() -> None:
    """Let SIGTERM end this process as an interrupt does: what is finished stays, and a sentence says how to go on.

    Threads that look after workers complain where their work is taken from them; from here on nobody listens.
    """
    import signal
    import threading

    def end(number: int, frame: object) -> None:
        threading.excepthook = lambda _: None
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, end)


def _run(arguments: Sequence[str]) -> int:
    """Run, and turn the errors that a user can mend into one line; the others keep their traceback."""
    try:
        words, voice = voice_of(arguments)
        command = parse(words)
        if command is not None:
            from serendip.agents.models.told import telling  # NumPy comes with it: not for --help

            with commanded(arguments), speaking(voice), telling(training_bar):
                command.execute()
        return 0
    except UsageError as error:
        return _complain(str(error))
    except BrokenPipeError:
        raise
    except Exception as error:
        from serendip.simulator.errors import TooLittleError

        said = in_words(error)
        if said is None:
            raise
        _complain(said)
        return TOO_LITTLE if isinstance(error, TooLittleError) else WRONG_INPUT


def _complain(message: str) -> int:
    """Print `message` as one line on stderr and return the exit code for wrong input."""
    from serendip.experiments.running.screen import one_line  # rich comes with it: not for --help

    print(one_line(f"serendip: {message}"), file=sys.stderr)
    return WRONG_INPUT
