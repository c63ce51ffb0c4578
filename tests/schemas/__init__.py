"""Test the catalogue of events: what is read, what is refused, what is written."""
