"""Counterfactual validation of long-run activity: fitted to one policy's log, told of another policy's run."""
