"""Hold the scenes of the demo to what they say."""
