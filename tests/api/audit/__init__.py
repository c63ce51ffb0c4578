"""Test the audit log: its chain, its writer, its readers."""
