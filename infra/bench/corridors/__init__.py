"""Measure corridors: matching, passes, plans and what-if."""
