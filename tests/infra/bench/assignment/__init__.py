"""Tests of the benchmark of the assignment engine."""
