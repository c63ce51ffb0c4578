"""Back a loaded stack up and restore it into an empty folder."""
