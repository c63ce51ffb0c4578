"""Show what the demo day had to show: passes, deviations, a queue; each as JSON and as lines."""
