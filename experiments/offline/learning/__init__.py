"""Policies learned from logs: what is worth showing, found by weighing what another policy showed."""
