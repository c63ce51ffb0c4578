"""Judge a stack by its event log alone: the six invariants, written apart from the reducers."""
