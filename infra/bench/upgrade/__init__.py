"""Replace old workers by new ones under load, side by side."""
