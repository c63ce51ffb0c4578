"""Test the roads."""
