"""Tell other systems of changes: signed, at least once, and no more than their owners see."""
