"""Decide: roads, travel times and the assignment of trucks to lots, slots and corridors; pure."""
