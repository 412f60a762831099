"""Assessing the assessors: many simulated logs whose truth is known, and what each estimator makes of them."""
