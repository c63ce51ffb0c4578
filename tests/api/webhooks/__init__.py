"""Tests of telling other systems."""
