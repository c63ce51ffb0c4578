"""Measure what is decided on corridors."""
