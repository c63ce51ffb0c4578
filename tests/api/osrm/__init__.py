"""Tests of what people and programs meet over HTTP."""
