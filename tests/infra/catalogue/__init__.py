"""Test the written catalogue and the topics on a broker."""
