"""Test the bench that loads the API."""
