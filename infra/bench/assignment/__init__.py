"""Measure the assignment engine: trucks, lots and port slots chosen jointly, beside rivals."""
