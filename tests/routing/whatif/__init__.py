"""Tests of `routing.whatif`."""
