"""What an evaluation found, for people and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from serendip.frames import file_to_write
from serendip.tables import Table


class Estimates:
    """What a policy is worth, and how far to trust it.

    Attributes:
        verdict: `reliable`, `weak` or `invalid`.
        recommended: name of the estimator to go by; None where nothing should be gone by.
        evaluation: all that was found, as the command line prints it.
    """

    def __init__(self, evaluation: Any) -> None:
        self.evaluation = evaluation

    @property
    def verdict(self) -> str:
        """`reliable`, `weak` or `invalid`."""
        return self.evaluation.verdict

    @property
    def reasons(self) -> list[str]:
        """Why the verdict is not better, in sentences."""
        return list(self.evaluation.reasons)

    @property
    def recommended(self) -> str | None:
        """The estimator to go by, or None."""
        return self.evaluation.recommended

    @property
    def value(self) -> float | None:
        """The value by the recommended estimator, mean reward per slot; None where nothing should be gone by."""
        return None if self.recommended is None else self.evaluation.estimates[self.recommended].value

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the recommended estimator."""
        if self.recommended is None:
            return None
        found = self.evaluation.estimates[self.recommended]
        return found.low, found.high

    @property
    def table(self) -> Table:
        """All estimates: estimator, value, low, high, standard_error, recommended."""
        import pyarrow as pa

        found = self.evaluation.estimates
        return Table(
            {
                "estimator": list(found),
                "value": pa.array([e.value for e in found.values()], pa.float64()),
                "low": pa.array([e.low for e in found.values()], pa.float64()),
                "high": pa.array([e.high for e in found.values()], pa.float64()),
                "standard_error": pa.array([e.standard_error for e in found.values()], pa.float64()),
                "recommended": [name == self.recommended for name in found],
            }
        )

    def draw(self, folder: str | Path) -> list[Path]:
        """Draw the estimates into a folder, for rewards also the weights and what clipping does; return the files."""
        if self.evaluation.valued is not None:
            from serendip.experiments.figures.off_policy import draw_all

            return draw_all(self.evaluation, Path(folder))
        from serendip.experiments.figures.long_term import draw

        return [draw(self.evaluation, Path(folder))]

    def report(self, file: str | Path) -> Path:
        """Write the verdict, the estimates as a figure and what they mean as one page; return the file."""
        from serendip.experiments.report.evaluation import evaluation_page, made_by
        from serendip.experiments.report.page import write_page

        page = evaluation_page(self.to_json(), made_by(Path(self.evaluation.log)))
        return write_page(page, file_to_write(file))

    def to_json(self) -> dict[str, Any]:
        """Return all that was found as plain JSON values."""
        return self.evaluation.to_json()

    def __repr__(self) -> str:
        value, interval = self.value, self.interval
        if value is None or interval is None:
            return f"Estimates({self.verdict}: {' '.join(self.reasons)})"
        low, high = interval
        return f"Estimates({self.verdict}: {value:.4g} [{low:.4g}, {high:.4g}] by {self.recommended})"
