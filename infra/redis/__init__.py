"""Run Redis and ask it how it is."""
