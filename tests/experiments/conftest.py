"""What tests of the command line can use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from serendip.experiments.__main__ import main


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """Run a command line that must be refused, check that it wrote nothing, and return the line on stderr."""

    def run(*arguments: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        assert main([str(argument) for argument in arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("serendip: ")
        assert err.count("\n") == 1, err
        assert "Traceback" not in err
        assert sorted(tmp_path.rglob("*")) == before
        return err

    return run
