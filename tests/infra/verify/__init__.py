"""Tests of the judges, on small logs written by hand."""
