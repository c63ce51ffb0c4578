"""Test the judging of the audit log."""
