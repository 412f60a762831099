"""`--quiet` and `--verbose`, which every command takes: how much is said of what is being done."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Literal

Voice = Literal["usual", "quiet", "verbose"]
FLAGS: dict[str, Voice] = {"--quiet": "quiet", "--verbose": "verbose"}
ALSO = "every command takes --config FILE.toml (flags from a file), --quiet (no progress), --verbose (all that is done)"


def voice_of(arguments: Sequence[str]) -> tuple[list[str], Voice]:
    """Return the arguments without `--quiet` and `--verbose`, and what the last of these asks for."""
    voice: Voice = "usual"
    for word in arguments:
        voice = FLAGS.get(word, voice)
    return [word for word in arguments if word not in FLAGS], voice


@contextmanager
def speaking(voice: Voice) -> Generator[None]:
    """Let the package speak on stderr as `voice` says: progress, nothing, or progress and all that is logged."""
    from serendip.experiments.running.silence import silence

    logger = logging.getLogger("serendip")
    before, handler = logger.level, logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    if voice == "verbose":
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        with silence(voice == "quiet"):
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
