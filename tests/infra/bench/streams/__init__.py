"""Test the benchmarks of the roads."""
