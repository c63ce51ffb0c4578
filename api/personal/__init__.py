"""Keep what must be kept of people sealed, show it to few, and let it go on time."""
