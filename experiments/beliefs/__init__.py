"""What beliefs know of what they do not know: never-shown items, and calibration against the simulator's truth."""
