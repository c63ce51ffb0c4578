"""Measure the streams: throughput beside rivals, latency, and recovery, on one real broker."""
