"""A folder of results: claim, lock, pieces in a pool, go on after a kill."""
