"""Off-policy values where the data are: what an engine of tables sums itself; rows never leave it."""
