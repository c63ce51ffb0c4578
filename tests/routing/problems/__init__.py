"""Test problem files: reading, solving, explaining, checking."""
