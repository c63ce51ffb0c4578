"""Measure the roads: our engine and its rivals on the same arrays."""
