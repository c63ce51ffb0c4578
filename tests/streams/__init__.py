"""Test the folds and their shell."""
