"""Measure the API: posts, batches, reads and event streams, beside the rest of a stack."""
