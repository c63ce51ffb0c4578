"""Test how trucks are watched on corridors."""
