"""Test what is kept of people: sealed, shown to few, let go on time."""
