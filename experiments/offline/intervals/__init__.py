"""From terms to an estimate with its intervals: sums by user, the bootstrap, bounds, likelihood."""
