"""Test who may come in, for how long, and who may not."""
