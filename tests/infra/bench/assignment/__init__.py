"""Test the benchmark of the assignment engine."""
