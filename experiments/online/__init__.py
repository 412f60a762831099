"""Agents run in a world: the loop, the units of a study, their results and their statistics."""
