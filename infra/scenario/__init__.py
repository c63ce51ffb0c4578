"""Make, publish and play scenarios: one day of the delta as events, and trucks that drive it."""
