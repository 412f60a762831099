"""A world fitted to real interactions, and how well it matches them."""

from serendip.simulator.calibration.checks import Check
from serendip.simulator.calibration.fitted_world import Report
from serendip.simulator.calibration.fitting import calibrate
from serendip.simulator.calibration.from_logs.log_world import LogReport, calibrate_log

__all__ = ["Check", "LogReport", "Report", "calibrate", "calibrate_log"]
