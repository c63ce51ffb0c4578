"""Tests of what machines report."""
