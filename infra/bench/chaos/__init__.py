"""Break a whole stack in every way there is, under load, and count what is left."""
