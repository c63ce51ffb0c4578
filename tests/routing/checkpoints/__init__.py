"""Test what is known and decided of checkpoints."""
