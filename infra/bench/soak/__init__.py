"""Let a stack run for an hour, and see that nothing grows."""
