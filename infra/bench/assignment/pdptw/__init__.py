"""Compare with VROOM where goods are picked up and delivered within windows."""
