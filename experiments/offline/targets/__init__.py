"""What a target policy would have shown: its probabilities of what was logged."""
