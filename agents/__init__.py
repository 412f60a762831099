"""Who chooses: agents made of a model, a belief about what it does not know, and a strategy.  See `registry`."""
