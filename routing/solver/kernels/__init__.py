"""Loops over a model's arrays, compiled by numba: the walk along a route, insertion, the search."""
