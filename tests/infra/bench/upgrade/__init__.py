"""Test the upgrade drill."""
