"""Copy rows and vectors element by element, so that nothing is allocated."""

from __future__ import annotations

from routing.solver.kernels.compiled import inner


@inner()
def copy_row(to, i, source, j):
    """Copy row j of a matrix over row i of another."""
    for c in range(source.shape[1]):
        to[i, c] = source[j, c]


@inner()
def copy_vector(to, source, count):
    """Copy the first elements of a vector."""
    for i in range(count):
        to[i] = source[i]


@inner()
def fill(to, value):
    """Set all elements of a vector."""
    for i in range(len(to)):
        to[i] = value
