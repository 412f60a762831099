"""The command `serendip`, also as `python -m serendip.experiments`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 well, 2 wrong input, 3 less than was required, 130 interrupted, 141 nobody reads.

    Args:
        arguments: what stands after `serendip`; those of the process when None.
    """
    from serendip.experiments.cli.main import run

    return run(sys.argv[1:] if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
