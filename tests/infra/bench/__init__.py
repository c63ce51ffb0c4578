"""Test the benchmarks themselves; no test asserts a time."""
