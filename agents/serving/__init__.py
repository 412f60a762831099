"""Slates for those who wait: ranking, large catalogues, accelerators, and one item at a time."""
