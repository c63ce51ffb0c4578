"""Find the strongly connected parts of a graph: who can come to each other."""

import numpy as np

from routing.engine.compiled import compiled


@compiled
def strong_parts(first, head):
    """Return the number of each node's part (Tarjan, 1972, without recursion).

    Parameters
    ----------
    first, head
        Heads of the arcs out of node ``v``: ``head[first[v]:first[v + 1]]``.
    """
    nodes = len(first) - 1
    part = np.full(nodes, -1, np.int32)
    seen = np.zeros(nodes, np.int32)
    lowest = np.zeros(nodes, np.int32)
    at = np.zeros(nodes, np.int64)
    open_ = np.empty(nodes, np.int32)
    path = np.empty(nodes, np.int32)
    opened = parts = clock = 0
    for root in range(nodes):
        if seen[root]:
            continue
        length = 1
        path[0] = root
        while length > 0:
            node = path[length - 1]
            if not seen[node]:
                clock += 1
                seen[node] = lowest[node] = clock
                at[node] = first[node]
                open_[opened] = node
                opened += 1
            deeper = False
            while at[node] < first[node + 1]:
                other = head[at[node]]
                at[node] += 1
                if not seen[other]:
                    path[length] = other
                    length += 1
                    deeper = True
                    break
                if part[other] < 0:
                    lowest[node] = min(lowest[node], seen[other])
            if deeper:
                continue
            length -= 1
            if length > 0:
                lowest[path[length - 1]] = min(lowest[path[length - 1]], lowest[node])
            if lowest[node] == seen[node]:
                while True:
                    opened -= 1
                    part[open_[opened]] = parts
                    if open_[opened] == node:
                        break
                parts += 1
    return part
