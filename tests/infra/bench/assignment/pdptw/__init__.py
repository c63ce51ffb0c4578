"""Test the pickup-and-delivery part of the assignment benchmark."""
