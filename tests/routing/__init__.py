"""Test how trucks are routed and assigned."""
