"""Independent checkers: what must hold, said a second time and in other words than the code."""
