"""Test the bench that breaks things."""
