"""One world, many machines: users are shared out, and agents exchange sums."""
