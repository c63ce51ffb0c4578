"""Test what dated regimes ask, how they combine, and the register of local requirements."""
