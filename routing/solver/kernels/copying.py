"""Copy rows and vectors element by element, so that nothing is allocated."""

from __future__ import annotations

from routing.solver.kernels.compiled import inner
from routing.solver.kernels.state import NEXT


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


@inner()
def copy_route(m, to, source, v):
    """Copy what one solution remembers of a route over another one, stop by stop."""
    n = len(m.stop)
    node, end = n + v, n + len(m.vehicle) + v
    while True:
        copy_row(to.node, node, source.node, node)
        copy_row(to.price, node, source.price, node)
        copy_row(to.load, node, source.load, node)
        if node == end:
            break
        node = source.node[node, NEXT]
    to.cost[v], to.pair[v], to.stops[v] = source.cost[v], source.pair[v], source.stops[v]
