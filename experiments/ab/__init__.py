"""The laboratory of A/B tests: what each design says of two agents, against the truth of worlds apart."""
