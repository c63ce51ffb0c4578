"""Assign trucks to lots, port slots and corridors."""
